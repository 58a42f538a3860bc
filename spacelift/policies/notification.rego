# METADATA
# title: Notification policy
# description: >-
#   Tells people when a run needs them: it failed, it waits for approval, it found drift; and a pull
#   request what it would do. Where to is said by the stack's labels; a stack without one of them is
#   left alone, so the policy may stand in a space that others use, too.
package spacelift

# METADATA
# title: Inbox
# description: The Spacelift inbox, for stacks labelled `notify:inbox`.
inbox contains {"title": event.title, "body": event.text, "severity": event.severity} if {
	"notify:inbox" in labels
	some event in events
}

# METADATA
# title: Slack
# description: The channel of each label `notify:slack:<channel id>`.
slack contains {"channel_id": channel, "message": event.text} if {
	some label in labels
	startswith(label, "notify:slack:")
	channel := substring(label, count("notify:slack:"), -1)
	some event in events
}

# METADATA
# title: Webhook
# description: The named webhook of each label `notify:webhook:<webhook id>`.
webhook contains {"endpoint_id": endpoint.id, "payload": payload} if {
	some endpoint in list(input.webhook_endpoints)
	concat("", ["notify:webhook:", endpoint.id]) in labels
	some event in events
	payload := {
		"event": event.kind,
		"stack": input.run_updated.stack.id,
		"run": run.id,
		"state": run.state,
		"text": event.text,
		"url": url,
	}
}

# METADATA
# title: Pull request
# description: >-
#   What a proposed run found, as a comment on its pull request, for stacks labelled
#   `notify:pull-request`: what would change, what it would cost, what the policies say. Each stack
#   has one comment, which its next run changes.
pull_request contains {"commit": run.commit.hash, "body": comment, "deduplication_key": key} if {
	"notify:pull-request" in labels
	is_string(run.commit.hash)
	run.type == "PROPOSED"
	run.state in {"FINISHED", "FAILED"}
	not run.drift_detection == true
	key := concat("/", ["opsfolio", input.run_updated.stack.id])
}

comment := concat("\n", array.concat(
	[
		concat("", ["**", input.run_updated.stack.id, "**: [run ", run.id, "](", url, ") ", lower(run.state)]),
		"",
		concat("", ["- plan: ", plan]),
		concat("", ["- cost: ", cost]),
	],
	[concat("", ["- ", receipt.name, ": ", receipt.outcome]) |
		some receipt in list(run.policy_receipts)
		is_string(receipt.name)
		is_string(receipt.outcome)
	],
))

# A run that failed before its plan has none to count; the plan policy's verdict shows that it had.
plan := concat("", [
	counted("added"), " to add, ", counted("changed"), " to change, ", counted("deleted"), " to destroy",
	rarely("import"), rarely("forget"),
]) if {
	planned
} else := "not planned"

rarely(action) := "" if {
	counted(action) == "0"
} else := concat("", [", ", counted(action), " to ", action])

planned if run.state == "FINISHED"

planned if count(changes) > 0

planned if {
	some receipt in list(run.policy_receipts)
	receipt.type == "PLAN"
}

# A replacement adds one resource and destroys one.
counted(wanted) := format_int(count([change |
	some change in changes
	object.get(change, ["entity", "entity_type"], "resource") == "resource"
	is_string(change.action)
	counts_as(change.action, wanted)
]), 10)

counts_as(action, wanted) if action == wanted

counts_as(action, wanted) if {
	endswith(action, "-replaced")
	wanted in {"added", "deleted"}
}

# The plan policy knows it and leaves it as a flag.
cost := concat(" and ", estimates) if {
	count(estimates) > 0
} else := "not estimated"

estimates contains concat("", [dollars, " USD a month"]) if {
	some flag in list(run.flags)
	is_string(flag)
	[_, dollars] := regex.find_all_string_submatch_n(`^cost-([0-9]+)-usd$`, flag, 1)[0]
}

labels contains label if some label in list(input.run_updated.stack.labels)

run := input.run_updated.run

default url := ""

url := input.run_updated.urls.run if is_string(input.run_updated.urls.run)

events contains event("failure", "ERROR", "failed") if run.state == "FAILED"

events contains event("approval", "WARNING", "waits for approval") if waits

waits if run.state == "UNCONFIRMED"

# What the approval policy reviews before it is planned.
waits if {
	run.state in {"QUEUED", "PENDING_REVIEW"}
	by_hand
}

by_hand if run.type == "DESTROY"

by_hand if {
	run.type == "TASK"
	not reads_only
}

reads_only if {
	is_string(run.command)
	regex.match(
		`^(terraform|tofu) (output|validate|version|state list( [A-Za-z_][\w.\[\]"-]*)*)( -no-color)?$`,
		run.command,
	)
}

# A drift run is a proposed one and ends as FINISHED, drift or not; only its changes tell.
events contains event("drift", "WARNING", concat("", ["found drift in ", format_int(count(changes), 10), " resources"])) if {
	run.state == "FINISHED"
	run.type == "PROPOSED"
	run.drift_detection == true
	count(changes) > 0
}

changes := [change | some change in list(run.changes); change.phase == "plan"]

event(kind, severity, what) := {
	"kind": kind,
	"severity": severity,
	"title": concat(": ", [input.run_updated.stack.id, what]),
	"text": concat("", [input.run_updated.stack.id, ": ", lower(run.type), " run ", run.id, " ", what, " ", url]),
}

# The items to go through; none where the input has null.
list(value) := present if {
	is_array(value)
	present := [item | some item in value; item != null]
}

list(value) := [] if not is_array(value)
