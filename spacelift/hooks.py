"""The commands that a Spacelift run executes before `terraform init`.

Spacelift joins a phase's commands with `&&` and runs them in one shell, so none may hold a newline
or a `;`. They run in the project root, which is the repository's. What they leave there (the
synthesized `cdk.tf.json`) is all that the apply needs: after a confirmation it runs in a new
container that has only the workspace, so no hook is needed there.

The same list stands in `.spacelift/config.yml`, for stacks that are made by hand.

https://docs.spacelift.io/concepts/stack/stack-settings#customizing-workflow
"""

BEFORE_INIT = (
    "command -v pipenv || (echo \"error: no pipenv here: set the stack's runner image to the one "
    'built from spacelift/Dockerfile" >&2 && false)',
    "pipenv sync",
    'pipenv run python main.py --stack "$TF_VAR_spacelift_stack_id"',
    'cp "cdktf.out/stacks/$TF_VAR_spacelift_stack_id/cdk.tf.json" .',
)
