# METADATA
# title: Approval policy
# description: >-
#   Says when a run that waits for people may go on. Runs that wait for nobody are approved at once:
#   an undecided run would hang.
package spacelift

import rego.v1

default approve := false

default reject := false

# METADATA
# title: Nothing to review
# description: A run in a state that asks nobody is approved.
approve if not under_review

# METADATA
# title: Approved by somebody else
# description: >-
#   One approval by somebody other than the commit's author, and no rejection. Drift reconciliation
#   is a tracked run and needs the same. Destroying needs two different people, and so does a task
#   that does more than read.
approve if {
	under_review
	count(rejections) == 0
	count(approvers) >= needed
}

# METADATA
# title: Rejected
# description: One rejection, by anybody, ends a run under review.
reject if {
	under_review
	count(rejections) > 0
}

# A run is reviewed while it is unconfirmed. A destroy run may never come to that state, and a task
# never does, so they are reviewed while they are queued, too.
under_review if input.run.state == "UNCONFIRMED"

under_review if {
	by_two
	input.run.state == "QUEUED"
}

by_two if input.run.type == "DESTROY"

by_two if {
	input.run.type == "TASK"
	not reads_only
}

# A task runs any command with the stack's credentials and meets no plan policy. So what is let pass
# is listed, without anything that a shell would act on.
reads_only if {
	is_string(input.run.command)
	regex.match(
		`^(terraform|tofu) (output|show|state list|state show|validate|version)( [\w.\[\]"=-]+)*$`,
		input.run.command,
	)
}

needed := 2 if by_two

needed := 1 if not by_two

# Approvals of an earlier state of such a run still count: the same two people are not asked twice.
reviews contains input.reviews.current

reviews contains review if {
	by_two
	some review in list(input.reviews.older)
}

# Everybody who approved and did not write the commit. Without a known author nobody can be told
# from the author, so nobody counts.
approvers contains lower(approval.author) if {
	is_string(input.run.commit.author)
	some review in reviews
	some approval in list(review.approvals)
	is_string(approval.author)
	not wrote_the_commit(approval.author)
	not wrote_the_commit(object.get(approval, ["session", "login"], null))
}

wrote_the_commit(name) if {
	is_string(name)
	lower(name) == lower(input.run.commit.author)
}

rejections contains rejection if {
	some review in reviews
	some rejection in list(review.rejections)
}

# The items to go through; none where the input has null.
list(value) := present if {
	is_array(value)
	present := [item | some item in value; item != null]
}

list(value) := [] if not is_array(value)
