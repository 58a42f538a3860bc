# METADATA
# title: Push policy
# description: >-
#   Says what a Git event starts: a push to the tracked branch a tracked run, a push to any other
#   branch or a pull request a proposed run. Spacelift starts one run of a type for a commit, whatever
#   tells of it; a pull request of GitHub's is planned as merged, so it may have a run besides.
package spacelift

# METADATA
# title: Tracked branch
# description: A push to the stack's tracked branch starts a tracked run.
track if {
	not pull_request
	input.push.branch == input.stack.branch
}

# METADATA
# title: Any other branch
# description: >-
#   A push to any other branch starts a proposed run, so every commit is planned. Not on a stack
#   labelled `tracked-only`: its runs may do too much for a branch that nobody has merged.
propose if {
	not pull_request
	not tracked_only
	is_string(input.push.branch)
	input.push.branch != ""
	not track
}

# METADATA
# title: Pull request
# description: What happens to an open pull request starts a proposed run, with the same exception.
propose if {
	pull_request
	not tracked_only
	object.get(input.pull_request, "closed", false) != true
	not input.pull_request.action in {"closed", "merged"}
}

# METADATA
# title: Documentation only
# description: >-
#   On a stack labelled `ignore-documentation` nothing starts where every changed file is documentation
#   (Markdown, an image, the licence). A pull request counts with all its files, a push with its own.
#   No known file means: run.
ignore if documentation_only

# METADATA
# title: Tags
# description: A tag starts nothing; the branch it points to already had its run.
ignore if {
	is_string(input.push.tag)
	input.push.tag != ""
}

# METADATA
# title: Anything else
# description: An event that starts neither kind of run is ignored, like a closed pull request.
ignore if {
	not track
	not propose
}

# METADATA
# title: Tell the pull request
# description: >-
#   An ignored documentation change still gets its commit status, or a required check would wait for ever.
notify if documentation_only

# METADATA
# title: Superseded
# description: >-
#   A proposed run cancels those of its branch that still wait: nobody needs the plan of an older
#   commit. Runs of the tracked branch, drift detection among them, are left alone.
cancel contains run.id if {
	propose
	not ignore
	some run in list(input.in_progress)
	run.type == "PROPOSED"
	run.branch == proposed_branch
	run.branch != input.stack.branch
}

proposed_branch := input.pull_request.head.branch if pull_request

proposed_branch := input.push.branch if not pull_request

pull_request if is_object(input.pull_request)

tracked_only if "tracked-only" in list(input.stack.labels)

documentation_only if {
	"ignore-documentation" in list(input.stack.labels)
	count(files) > 0
	every file in files {
		documentation(file)
	}
}

files := list(input.pull_request.diff) if count(list(input.pull_request.diff)) > 0
else := list(input.push.affected_files)

documentation(file) if regex.match(`\.(md|png|jpg|jpeg|gif|svg)$`, file)

documentation(file) if file == "LICENSE"

# The items to go through; none where the input has null.
list(value) := present if {
	is_array(value)
	present := [item | some item in value; item != null]
}

list(value) := [] if not is_array(value)
