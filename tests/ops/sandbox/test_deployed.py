"""What a stack in the sandbox is changed to before it is destroyed."""

from ops.sandbox.deployed import unprotected


def test_unprotected_switches_every_protection_off_and_nothing_else() -> None:
    stack = {
        "resource": {
            "aws_lb": {"main": {"enable_deletion_protection": True, "name": "alb"}},
            "aws_db_instance": {"main": {"deletion_protection": True}, "other": {"port": 3306}},
        }
    }
    assert unprotected(stack) == {
        "resource": {
            "aws_lb": {"main": {"enable_deletion_protection": False, "name": "alb"}},
            "aws_db_instance": {"main": {"deletion_protection": False}, "other": {"port": 3306}},
        }
    }
    assert stack["resource"]["aws_lb"]["main"]["enable_deletion_protection"] is True
