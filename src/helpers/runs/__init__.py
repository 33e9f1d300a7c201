"""Parameters, plan, engine and tasks: how the notebooks are run. This room knows no subject matter."""
