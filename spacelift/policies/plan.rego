# METADATA
# title: Plan policy
# description: >-
#   Reads every plan before anybody may confirm it. What must never happen is denied on every run.
#   What a human may still accept is denied on a proposed run, where it blocks the pull request, and
#   warned on a tracked one. Limits are read from the stack's labels, so one text serves all stacks;
#   a stack without labels gets the strictest ones. No rule needs a string's value to be readable,
#   except where its description says so: default sanitization hashes them all. A drift run is denied
#   only what must never happen, or drift in what a human accepted would never be looked for again.
package spacelift

# ---------------------------------------------------------------- what Spacelift asks for

# METADATA
# title: Denied on every run
# description: What must never happen.
deny contains message if {
	not nothing_drifted
	some message in never
}

# METADATA
# title: Denied where nobody confirms
# description: What needs a human, on a run that neither waits for one nor looks for drift.
deny contains message if {
	not human_decides
	not drift_run
	some message in needs_human
}

# METADATA
# title: The cost is passed on
# description: The estimate in whole US dollars, for the notification policy, which does not see it.
flag contains concat("", ["cost-", text(round(cost.monthly)), "-usd"]) if some cost in costs

# METADATA
# title: Warned where somebody confirms
# description: What needs a human, on a run that waits for one.
warn contains message if {
	human_decides
	some message in needs_human
}

# METADATA
# title: Warned on a drift run
# description: What needs a human, on a run that looks for drift and found some.
warn contains message if {
	drift_run
	not nothing_drifted
	some message in needs_human
}

# METADATA
# title: Warned on every run
# description: What a reviewer should know, unless the run looked for drift and found none.
warn contains message if {
	not nothing_drifted
	some message in notice
}

# A tracked run and a destroy run wait for confirmation. Any other type, a missing one included,
# counts as proposed.
human_decides if input.spacelift.run.type in {"TRACKED", "DESTROY"}

# Drift detection proposes; the reconciliation that follows is a tracked run like any other.
drift_run if {
	input.spacelift.run.drift_detection == true
	input.spacelift.run.type == "PROPOSED"
}

# The plan has to be there to be empty.
nothing_drifted if {
	drift_run
	is_array(input.terraform.resource_changes)
	every resource in resources {
		resource.change.actions == ["no-op"]
	}
}

# ---------------------------------------------------------------- never

# METADATA
# title: Data, keys and addresses are kept
# description: >-
#   Destroying or replacing a database or database cluster, file system, volume, bucket, backup vault,
#   KMS key, secret or CloudFormation stack loses data, a load balancer, VPC or Elastic IP the address
#   people use. A destroy run may; so may a run of a stack labelled `allow-destroy:<address>`, for that
#   one address.
never contains message if {
	not destroy_run
	some resource in resources
	kind := precious[resource.type]
	loss := lost(resource)
	not concat("", ["allow-destroy:", resource.address]) in labels
	message := concat("", [
		resource.address, ": the plan would ", loss, " the ", kind,
		"; undo the change, or label the stack allow-destroy:", resource.address, " for this one run",
	])
}

# METADATA
# title: The database is not public
# description: >-
#   `publicly_accessible` must be known and false, of an instance of a cluster, too.
never contains message if {
	some resource in planned
	resource.type in reachable
	value := object.get(resource.change.after, "publicly_accessible", "unknown")
	value != false
	message := concat("", [
		resource.address, ": publicly_accessible is ", text(value),
		" and must be false: the database is for the tasks only",
	])
}

# METADATA
# title: Only 80 and 443 are open to the world
# description: >-
#   An ingress rule whose source is the whole internet (a prefix shorter than /8, IPv6 included) may
#   open TCP 80 or TCP 443, nothing else: not 3306, no range, no other protocol. Holds for inline
#   rules and for rule resources. A sensitive source is hashed and recognised where it is written as
#   usual; any other of these needs a human.
never contains message if {
	some rule in ingress
	some source in rule.sources
	world(source)
	not web(rule)
	message := concat("", [
		rule.address, ": ", ports(rule), " open to the world (", shown(source),
		"); only tcp 80 and tcp 443 may be",
	])
}

# METADATA
# title: A prefix list does not hold the world
# description: >-
#   A rule that names a prefix list shows its id only, so a list that holds the whole internet would
#   open any port unseen.
never contains message if {
	some entry in prefix_entries
	some source in entry.sources
	world(source)
	message := concat("", [
		entry.address, ": the prefix list holds the world (", shown(source),
		"); write an open source into the rule itself, where it can be checked",
	])
}

# ---------------------------------------------------------------- a human may accept

# METADATA
# title: The database is encrypted
# description: >-
#   `storage_encrypted` must be known and true, of a cluster, too (`encrypted` of Redshift). Encryption
#   cannot be switched on in place, so a stack that took over an unencrypted database carries the label
#   `allow-unencrypted`.
needs_human contains message if {
	not "allow-unencrypted" in labels
	some resource in planned
	resource.type in stores
	name := object.get(encryption, resource.type, "storage_encrypted")
	value := object.get(resource.change.after, name, "unknown")
	value != true
	message := concat("", [
		resource.address, ": ", name, " is ", text(value),
		" and must be true; a stack that may do without is labelled allow-unencrypted",
	])
}

# METADATA
# title: The database stands in two zones
# description: >-
#   `multi_az` must be known and true, unless the stack's label `single-az` says that its settings
#   want one zone.
needs_human contains message if {
	not "single-az" in labels
	some resource in planned
	resource.type == "aws_db_instance"
	value := object.get(resource.change.after, "multi_az", "unknown")
	value != true
	message := concat("", [
		resource.address, ": multi_az is ", text(value),
		" and must be true; a stack that wants one zone is labelled single-az",
	])
}

# METADATA
# title: A cluster stands in two zones
# description: >-
#   A database cluster has instances in two zones, or a class that brings them, with the same exception.
#   An instance whose zone is not said counts as apart, since AWS chooses; one whose cluster is known
#   only after the apply counts where the plan has one cluster of the kind.
needs_human contains message if {
	not "single-az" in labels
	some resource in planned
	resource.type in clusters
	not is_string(object.get(resource.change.after, "db_cluster_instance_class", null))
	places := {place |
		some member in planned
		member_of(member, resource)
		place := zone(member)
	}
	count(places) < 2
	message := concat("", [
		resource.address, ": the cluster has instances known to be its own in ", text(count(places)),
		" of the two zones it needs; a stack that wants one zone is labelled single-az",
	])
}

# METADATA
# title: Groups talk to groups
# description: >-
#   An ingress rule names a security group, not addresses or a prefix list. The load balancer's open
#   80 and 443 is the only exception; the label `allow-cidr:<source>` allows one more source.
needs_human contains message if {
	some rule in ingress
	some source in rule.sources
	not reported_as_open(rule, source)
	not load_balancer_entry(rule)
	not labelled_source(source)
	message := concat("", [
		rule.address, ": ", ports(rule), " from ", shown(source),
		"; name a security group as the source, or label the stack allow-cidr:<source>",
	])
}

# METADATA
# title: The month stays within the budget
# description: >-
#   Infracost's monthly total may not be above 100 USD, or what the label `budget:<USD>` says.
needs_human contains message if {
	some cost in costs
	some budget_usd in limits("budget", 100)
	cents(cost.monthly) > cents(budget_usd)
	message := concat("", [
		"the estimate is ", decimal(cost.monthly), " USD a month, above the budget of ", decimal(budget_usd),
		" USD; spend less, or raise the label budget:<USD>",
	])
}

# METADATA
# title: Sources are known
# description: >-
#   An ingress rule whose addresses are known only after the apply cannot be checked before it.
needs_human contains message if {
	some rule in ingress
	some key in rule.unknown
	message := concat("", [
		rule.address, ": ", ports(rule), " from ", key,
		" that are known only after the apply; write them down, or name a security group",
	])
}

# METADATA
# title: Rules are known
# description: >-
#   A group's rules, or a prefix list's entries, that are known only after the apply cannot be checked
#   before it. A new group that says nothing about ingress looks the same: `ingress = []` says none.
#   Entries that are sensitive cannot be checked either, unless the label `allow-cidr:<source>` has them.
needs_human contains message if {
	some unread in unknown
	message := concat("", [unread.address, ": ", unread.what, "; write them down"])
}

# METADATA
# title: What cannot be read is not passed
# description: >-
#   A database, security group or prefix list whose planned values are missing from the input cannot be checked.
needs_human contains message if {
	some resource in resources
	resource.type in checked
	not leaves(resource)
	not is_object(object.get(resource, ["change", "after"], null))
	message := concat("", [
		resource.address, ": the plan shows no planned values, so nothing about it could be checked",
	])
}

# METADATA
# title: The provider is known
# description: >-
#   These rules know the types of hashicorp/aws. What another provider makes or changes, Cloud Control
#   (awscc) among them, is not checked, unless the label `allow-provider:<provider>` says that it need
#   not be. What a provisioner does is in no plan.
needs_human contains message if {
	some resource in resources
	resource.change.actions != ["no-op"]
	not leaves(resource)
	provider := text(object.get(resource, "provider_name", null))
	not regex.match(`^registry\.(terraform\.io|opentofu\.org)/(hashicorp/aws|spacelift-io/spacelift)$`, provider)
	not concat("", ["allow-provider:", provider]) in labels
	message := concat("", [
		resource.address, ": the provider ", provider, " is not one whose resources are checked; ",
		"a stack that may use it is labelled allow-provider:", provider,
	])
}

# ---------------------------------------------------------------- for the reviewer's eyes

# METADATA
# title: Something is destroyed
# description: Every resource that the plan destroys, replaces or drops from the state is named.
notice contains message if {
	not destroy_run
	some resource in resources
	loss := lost(resource)
	message := concat("", [resource.address, ": the plan would ", loss, " it"])
}

# METADATA
# title: A destroy run
# description: A destroy run says how much it takes away.
notice contains message if {
	destroy_run
	doomed := count([resource | some resource in resources; lost(resource)])
	message := concat("", ["destroy run: ", text(doomed), " resources go, and the data in them"])
}

# METADATA
# title: The database changes its version
# description: >-
#   With `database.upgrade` it may, where it stays the same database; there is no way back but a backup.
notice contains message if {
	some resource in planned
	resource.type == "aws_db_instance"
	resource.change.actions == ["update"]
	resource.change.before.engine_version != resource.change.after.engine_version
	message := concat("", [
		resource.address, ": the engine's version changes, and cannot be changed back; is there a backup?",
	])
}

# METADATA
# title: The image changes
# description: A container of the task definition runs another image.
notice contains message if {
	some resource in changed_tasks
	some name, image in resource.after
	present := object.get(resource.before, name, "nothing")
	present != image
	message := concat("", [resource.address, ": container ", name, " changes from ", present, " to ", image])
}

# METADATA
# title: The image may change
# description: >-
#   The container definitions change and are hashed, because they hold the database password, or are
#   known only after the apply; so the image cannot be compared.
notice contains message if {
	some resource in hidden_tasks
	message := concat("", [
		resource.address, ": the container definitions change and cannot be read here; look at the image in the code",
	])
}

# METADATA
# title: The cost jumps
# description: >-
#   The monthly total is more than 10 % above the present one, or what the label
#   `cost-growth:<percent>` says. Building from nothing is not growth.
notice contains message if {
	some cost in costs
	cost.past > 0

	some growth_percent in limits("cost-growth", 10)
	cents(cost.monthly) * 100 > cents(cost.past) * (100 + growth_percent)
	message := concat("", [
		"the estimate rises from ", decimal(cost.past), " to ", decimal(cost.monthly),
		" USD a month, by more than ", decimal(growth_percent), " %",
	])
}

# METADATA
# title: The cost is unknown
# description: >-
#   A stack labelled `infracost` should have an estimate; without one no limit was checked. A report
#   handed over as custom input may be a file of the branch, so it can be too high, never enough.
notice contains message if {
	"infracost" in labels
	not estimated
	message := "no readable cost estimate by Infracost itself came with this plan, so no cost limit was checked"
}

# METADATA
# title: A human looks at drift first
# description: A drift run, and the reconciliation that follows it, is marked as such.
notice contains message if {
	input.spacelift.run.drift_detection == true
	message := "drift run: somebody changed AWS by hand; find out why before this is undone"
}

# METADATA
# title: A label cannot be read
# description: A limit's label without a number after the colon is ignored, and that is said.
notice contains message if {
	some name in {"budget", "cost-growth"}
	some label in labels
	startswith(label, concat("", [name, ":"]))
	not readable_limit(label)
	message := concat("", ["label ", label, ": a number has to follow the colon; it is ignored"])
}

# ---------------------------------------------------------------- labels

labels contains label if some label in list(input.spacelift.stack.labels)

# The numbers of the labels `<name>:<number>`, each of them a limit, or `otherwise` without one.
limits(name, otherwise) := given(name) if count(given(name)) > 0

limits(name, otherwise) := {otherwise} if count(given(name)) == 0

given(name) := {to_number(substring(label, count(name) + 1, -1)) |
	some label in labels
	startswith(label, concat("", [name, ":"]))
	readable_limit(label)
}

# No more digits than every engine counts exactly.
readable_limit(label) if regex.match(`^[a-z-]+:[0-9]{1,12}(\.[0-9]{1,9})?$`, label)

# ---------------------------------------------------------------- resources

# What holds data or keys, or is an address that others know. AWS has several types for some of them.
precious := {type: kind |
	some kind, types in {
		"database": {
			"aws_db_cluster_snapshot", "aws_db_instance", "aws_db_snapshot", "aws_db_snapshot_copy",
			"aws_dynamodb_table", "aws_redshift_cluster", "aws_redshiftserverless_namespace",
		},
		"database cluster": {
			"aws_docdb_cluster", "aws_docdb_cluster_instance", "aws_docdb_global_cluster",
			"aws_neptune_cluster", "aws_neptune_cluster_instance", "aws_neptune_global_cluster",
			"aws_rds_cluster", "aws_rds_cluster_instance", "aws_rds_global_cluster", "aws_rds_shard_group",
		},
		"file system": {
			"aws_efs_file_system", "aws_fsx_lustre_file_system", "aws_fsx_ontap_file_system",
			"aws_fsx_openzfs_file_system", "aws_fsx_windows_file_system",
		},
		"volume": {
			"aws_ebs_snapshot", "aws_ebs_snapshot_copy", "aws_ebs_volume", "aws_fsx_ontap_volume",
			"aws_fsx_openzfs_volume",
		},
		"bucket": {"aws_s3_bucket", "aws_s3_directory_bucket"},
		"backup vault": {"aws_backup_logically_air_gapped_vault", "aws_backup_vault"},
		"KMS key": {
			"aws_kms_external_key", "aws_kms_key", "aws_kms_replica_external_key", "aws_kms_replica_key",
		},
		"secret": {"aws_secretsmanager_secret"},
		# the hardened stack keeps secrets in one
		"CloudFormation stack": {"aws_cloudformation_stack"},
		"load balancer": {"aws_alb", "aws_elb", "aws_lb"},
		"VPC": {"aws_default_vpc", "aws_vpc"},
		"Elastic IP": {"aws_eip"},
	}
	some type in types
}

# Databases by what they can be asked: whether the internet reaches them, and whether they encrypt.
reachable := {
	"aws_db_instance", "aws_neptune_cluster_instance", "aws_rds_cluster_instance", "aws_redshift_cluster",
	"aws_redshiftserverless_workgroup",
}

clusters := {"aws_docdb_cluster", "aws_neptune_cluster", "aws_rds_cluster"}

stores := clusters | {"aws_db_instance", "aws_redshift_cluster"}

encryption := {"aws_redshift_cluster": "encrypted"}

group_types := {"aws_security_group", "aws_default_security_group"}

rule_types := {"aws_security_group_rule", "aws_vpc_security_group_ingress_rule"}

prefix_types := {"aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry"}

checked := (((reachable | stores) | group_types) | rule_types) | prefix_types

# An instance of the cluster; of one that is created with it the cluster's name may not be known yet.
member_of(member, cluster) if {
	member.type == concat("", [cluster.type, "_instance"])
	is_string(cluster.change.after.cluster_identifier)
	member.change.after.cluster_identifier == cluster.change.after.cluster_identifier
}

member_of(member, cluster) if {
	member.type == concat("", [cluster.type, "_instance"])
	not is_string(object.get(member.change.after, "cluster_identifier", null))
	count([other | some other in planned; other.type == cluster.type]) == 1
}

zone(member) := object.get(member.change.after, "availability_zone", member.address) if {
	is_string(object.get(member.change.after, "availability_zone", member.address))
} else := member.address

destroy_run if input.spacelift.run.type == "DESTROY"

# Data sources are read, not built.
resources := [resource |
	some resource in list(input.terraform.resource_changes)
	not "read" in resource.change.actions
]

# Resources that exist after the run, with what is known of their values.
planned := [resource |
	some resource in resources
	is_object(resource.change.after)
]

lost(resource) := "destroy" if resource.change.actions == ["delete"]

lost(resource) := "replace" if {
	"delete" in resource.change.actions
	"create" in resource.change.actions
}

lost(resource) := "drop from the state" if "forget" in resource.change.actions

leaves(resource) if {
	lost(resource)
	not "create" in resource.change.actions
}

# ---------------------------------------------------------------- security group rules

# One entry for each ingress rule, whatever resource declares it.
ingress contains rule if {
	some resource in planned
	resource.type in group_types
	some entry in list(object.get(resource.change.after, "ingress", []))
	rule := described(resource, entry, "protocol", list_sources, resource.address == load_balancer_group)
}

ingress contains rule if {
	some resource in planned
	resource.type == "aws_security_group_rule"
	entry := resource.change.after
	not same(object.get(entry, "type", "unknown"), "egress")
	rule := described(resource, entry, "protocol", list_sources, guards_load_balancer(resource))
}

ingress contains rule if {
	some resource in planned
	resource.type == "aws_vpc_security_group_ingress_rule"
	entry := resource.change.after
	rule := described(resource, entry, "ip_protocol", single_sources, guards_load_balancer(resource))
}

# Where a rule keeps its sources, security groups apart: as lists, or as single values.
list_sources := {"cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"}

single_sources := {"cidr_ipv4", "cidr_ipv6", "prefix_list_id"}

described(resource, entry, protocol_key, source_keys, load_balancer) := {
	"address": resource.address,
	"load_balancer": load_balancer,
	"protocol": text(object.get(entry, protocol_key, "unknown protocol")),
	"from": object.get(entry, "from_port", "?"),
	"to": object.get(entry, "to_port", "?"),
	"sources": {source |
		some key in source_keys
		some source in items(object.get(entry, key, null))
	},
	"unknown": {key |
		some key in source_keys
		later(entry, key)
	},
}

# Terraform writes null or [] for what is not set, and leaves out what it does not know yet; an item
# that it does not know it writes as null.
later(values, key) if object.get(values, key, "unknown") == "unknown"

later(values, key) if {
	is_array(values[key])
	null in values[key]
}

unknown contains {"address": resource.address, "what": "ingress rules that are known only after the apply"} if {
	some resource in planned
	resource.type in group_types
	later(resource.change.after, "ingress")
}

unknown contains {"address": entry.address, "what": "entries of the prefix list that are known only after the apply"} if {
	some entry in prefix_entries
	entry.later
}

unknown contains {"address": entry.address, "what": "entries of the prefix list that are sensitive and cannot be read"} if {
	some entry in prefix_entries
	some source in entry.sources
	hidden(source)
	not labelled_source(source)
}

# What prefix lists of the plan hold, whatever resource declares it.
prefix_entries contains {"address": resource.address, "sources": sources, "later": unread} if {
	some resource in planned
	resource.type == "aws_ec2_managed_prefix_list"
	entries := list(object.get(resource.change.after, "entry", []))
	sources := {source | some entry in entries; some source in items(object.get(entry, "cidr", null))}
	unread := later_entries(resource.change.after)
}

prefix_entries contains {"address": resource.address, "sources": sources, "later": unread} if {
	some resource in planned
	resource.type == "aws_ec2_managed_prefix_list_entry"
	sources := {source | some source in items(object.get(resource.change.after, "cidr", null))}
	unread := count(sources) == 0
}

later_entries(values) if {
	later(values, "entry")
} else if {
	some entry in list(values.entry)
	not is_string(object.get(entry, "cidr", null))
} else := false

items(value) := [value] if is_string(value)

items(value) := texts if {
	not is_string(value)
	texts := [item | some item in list(value); is_string(item)]
}

# By address, because the name alone is free for everybody's module to use.
load_balancer_group := "aws_security_group.alb_sg"

# The rule's group is the load balancer's, by its id. Of a group that is not known yet nothing is said.
guards_load_balancer(resource) if {
	some group in planned
	group.address == load_balancer_group
	is_string(group.change.after.id)
	resource.change.after.security_group_id == group.change.after.id
} else := false

web(rule) if {
	some protocol in {"tcp", "6"}
	same(rule.protocol, protocol)
	rule.from in {80, 443}
	rule.to == rule.from
}

load_balancer_entry(rule) if {
	rule.load_balancer
	web(rule)
}

reported_as_open(rule, source) if {
	world(source)
	not web(rule)
}

world(source) if regex.match(`^[0-9a-fA-F.:]+/0*[0-7]$`, source)

world(source) if hashed_networks[source]

# The network of a hash, for every network that is part of the world: there are few enough to try.
hashed_networks := {substring(crypto.sha256(network), 56, 8): network |
	some length in numbers.range(0, 7)
	some index in numbers.range(0, bits.lsh(1, length) - 1)
	first := index * bits.lsh(1, 8 - length)
	some start in {concat("", [format_int(first, 10), ".0.0.0"]), ipv6_start(first)}
	network := concat("/", [start, format_int(length, 10)])
}

ipv6_start(0) := "::"

ipv6_start(first) := concat("", [format_int(first * 256, 16), "::"]) if first > 0

labelled_source(source) if {
	some label in labels
	startswith(label, "allow-cidr:")
	same(source, substring(label, count("allow-cidr:"), -1))
}

ports(rule) := "all traffic" if same(rule.protocol, "-1")

ports(rule) := concat(" ", [protocol(rule), text(rule.from)]) if {
	not same(rule.protocol, "-1")
	rule.from == rule.to
}

ports(rule) := concat("", [protocol(rule), " ", text(rule.from), "-", text(rule.to)]) if {
	not same(rule.protocol, "-1")
	rule.from != rule.to
}

protocol(rule) := name if {
	some name in {"tcp", "udp", "icmp", "icmpv6"}
	same(rule.protocol, name)
} else := rule.protocol

shown(source) := network if {
	network := hashed_networks[source]
} else := concat("", ["a source that is sensitive and cannot be read (", source, ")"]) if {
	hidden(source)
} else := source

# A hash that is of none of the networks that were tried.
hidden(source) if {
	regex.match(`^[0-9a-f]{8}$`, source)
	not hashed_networks[source]
}

# The items to go through; none where the input has null.
list(value) := present if {
	is_array(value)
	present := [item | some item in value; item != null]
}

list(value) := [] if not is_array(value)

# Engines print a value differently; as JSON it is the same everywhere.
text(value) := value if is_string(value)

text(value) := json.marshal(value) if not is_string(value)

# A string of the plan is this word, readable or as Spacelift's sanitization leaves it: the last
# eight hex digits of its SHA-256.
same(value, word) if value == word

same(value, word) if value == substring(crypto.sha256(word), 56, 8)

# ---------------------------------------------------------------- task definitions

tasks := [resource |
	some resource in planned
	resource.type == "aws_ecs_task_definition"
	is_object(resource.change.before)
]

# Both texts are readable: the image of each container, before and after.
changed_tasks := [{"address": resource.address, "before": images(old), "after": images(new)} |
	some resource in tasks
	old := containers(resource.change.before)
	new := containers(resource.change.after)
]

# At least one text is hashed, or not known before the apply.
hidden_tasks := [resource |
	some resource in tasks
	not readable(resource.change)
	old := object.get(resource.change.before, "container_definitions", null)
	old != object.get(resource.change.after, "container_definitions", null)
]

readable(change) if {
	containers(change.before)
	containers(change.after)
}

# A hash may look like a JSON number, never like a list.
containers(values) := json.unmarshal(values.container_definitions) if {
	is_string(values.container_definitions)
	startswith(values.container_definitions, "[")
	json.is_valid(values.container_definitions)
}

images(definitions) := {object.get(container, "name", "?"): object.get(container, "image", "?") |
	some container in definitions
}

# ---------------------------------------------------------------- costs

# The estimates of the input: Spacelift's own place for Infracost's report, and the place where a
# report handed over as custom input stands. Totals are strings.
costs contains cost if {
	some report in reports
	cost := estimate(report)
}

estimated if estimate(input.third_party_metadata.infracost)

estimate(report) := cost if {
	projects := list(report.projects)
	totals := [total(project.breakdown) | some project in projects]
	count(totals) > 0
	count(totals) == count(projects)
	past := [total(project.pastBreakdown) | some project in projects]
	cost := {"monthly": sum(totals), "past": sum(past)}
}

reports contains report if report := input.third_party_metadata.infracost

reports contains report if report := input.third_party_metadata.custom.infracost

# What is above it counts as this much: no engine has to count, or print, further.
most_usd := 1000000000000

total(breakdown) := min({most_usd, to_number(breakdown.totalMonthlyCost)}) if {
	is_string(breakdown.totalMonthlyCost)
	regex.match(`^[0-9]{1,15}(\.[0-9]+)?$`, breakdown.totalMonthlyCost)
}

total(breakdown) := most_usd if {
	is_string(breakdown.totalMonthlyCost)
	regex.match(`^[0-9]{16,}(\.[0-9]+)?$`, breakdown.totalMonthlyCost)
}

total(breakdown) := min({most_usd, breakdown.totalMonthlyCost}) if is_number(breakdown.totalMonthlyCost)

# Whole cents, so that a cost exactly at a limit is not above it by a rounding error.
cents(amount) := round(amount * 100)

decimal(amount) := concat("", [text(floor(cents(amount) / 100)), ".", padded]) if {
	padded := substring(text(100 + (cents(amount) % 100)), 1, 2)
}
