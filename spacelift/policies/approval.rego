# METADATA
# title: Approval policy
# description: >-
#   Says when a run that waits for people may go on. Runs that wait for nobody are approved at once:
#   an undecided run would hang.
package spacelift

# METADATA
# title: Nothing to review
# description: A run in a state that asks nobody is approved.
approve if not under_review

# METADATA
# title: Approved
# description: >-
#   As many different people approved as the label `approvals:<number>` says (one without it), and
#   nobody rejected. The author of the commit counts where the stack is labelled `author-may-approve`.
#   Drift reconciliation is a tracked run and needs the same, and so does
#   destroying, or a task that does more than read.
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
# never does, so they are reviewed in the two other states that Spacelift has for it, too.
under_review if input.run.state == "UNCONFIRMED"

under_review if {
	by_hand
	input.run.state in {"QUEUED", "PENDING_REVIEW"}
}

by_hand if input.run.type == "DESTROY"

by_hand if {
	input.run.type == "TASK"
	not reads_only
}

# A task runs any command with the stack's credentials and meets no plan policy. So what is let pass
# is listed, without anything that a shell would act on. What prints values that are sensitive is not:
# show, state show, and output of a name or as JSON.
reads_only if {
	is_string(input.run.command)
	regex.match(
		`^(terraform|tofu) (output|validate|version|state list( [A-Za-z_][\w.\[\]"-]*)*)( -no-color)?$`,
		input.run.command,
	)
}

labels contains label if some label in list(input.stack.labels)

# Of several labels the largest number counts, and one that cannot be read asks for two people.
needed := max({1} | {number |
	some label in labels
	startswith(label, "approvals:")
	number := approvals(label)
})

approvals(label) := to_number(substring(label, count("approvals:"), -1)) if {
	regex.match(`^approvals:[1-9][0-9]?$`, label)
} else := 2

# Approvals of an earlier state of such a run still count: the same people are not asked twice.
reviews contains input.reviews.current

reviews contains review if {
	by_hand
	some review in list(input.reviews.older)
}

# Everybody who approved and may.
approvers contains lower(approval.author) if {
	some review in reviews
	some approval in list(review.approvals)
	is_string(approval.author)
	may_approve(approval)
}

author_counts if "author-may-approve" in labels

may_approve(_) if author_counts

# Without a known author nobody can be told from the author, so nobody is somebody else.
may_approve(approval) if {
	not author_counts
	is_string(input.run.commit.author)
	not is_author(approval.author)
	not is_author(object.get(approval, ["session", "login"], null))
}

is_author(name) if {
	is_string(name)
	some author in authors
	lower(name) == lower(author)
}

authors contains author if {
	author := input.run.commit.author
	is_string(author)
}

# What nobody pushed has whoever started it as an author, too.
authors contains author if {
	by_hand
	some path in [["triggered_by"], ["creator_session", "login"]]
	author := object.get(input.run, path, null)
	is_string(author)
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
