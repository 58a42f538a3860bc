<?php
// Writes, reads or drops the marker, as DRILL_ACTION says. It keeps TLS where WordPress is told to
// use it.
function drill() {
  mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
  [$host, $port] = explode(':', getenv('WORDPRESS_DB_HOST') . ':3306');
  $tls = str_contains((string) getenv('WORDPRESS_CONFIG_EXTRA'), 'MYSQLI_CLIENT_SSL');
  $db = mysqli_init();
  $db->real_connect($host, getenv('WORDPRESS_DB_USER'), getenv('WORDPRESS_DB_PASSWORD'),
    getenv('WORDPRESS_DB_NAME'), (int) $port, null, $tls ? MYSQLI_CLIENT_SSL : 0);
  $marker = $db->real_escape_string(getenv('DRILL_MARKER'));
  switch (getenv('DRILL_ACTION')) {
    case 'write':
      $db->query('CREATE TABLE IF NOT EXISTS opsfolio_drill (marker VARCHAR(64) PRIMARY KEY)');
      $db->query("INSERT INTO opsfolio_drill VALUES ('$marker')");
      return 0;
    case 'read':
      $found = $db->query("SELECT 1 FROM opsfolio_drill WHERE marker = '$marker'");
      return $found->num_rows === 1 ? 0 : 3;
    case 'drop':
      $db->query('DROP TABLE IF EXISTS opsfolio_drill');
      return 0;
  }
  return 2;
}
try {
  exit(drill());
} catch (Throwable $problem) {
  // not the trace: older versions of PHP show the password in it
  error_log($problem->getMessage());
  exit($problem->getCode() === 1146 ? 3 : 1);  // 1146: the table is lost, and the marker with it
}
