# METADATA
# title: Notification policy
# description: >-
#   Tells people when a run needs them: it failed, it waits for approval, it found drift. Where to is
#   said by the stack's labels; a stack without one of them is left alone, so the policy may stand in
#   a space that others use, too.
package spacelift

import rego.v1

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

labels contains label if some label in list(input.run_updated.stack.labels)

run := input.run_updated.run

default url := ""

url := input.run_updated.urls.run if is_string(input.run_updated.urls.run)

events contains event("failure", "ERROR", "failed") if run.state == "FAILED"

events contains event("approval", "WARNING", "waits for approval") if run.state == "UNCONFIRMED"

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
