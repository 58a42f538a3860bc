"""The world that drills are rehearsed in: tasks, a balancer and a database that behave."""
