"""A job that is killed on its way, for the tests of what goes on where it was stopped."""

from superposition import runs


class Killed(Exception):
    """A kill in the middle of a run."""


class Dying(runs.Job):
    """A job that saves at every step and is killed after some of them."""

    checkpoint_seconds = 0.0

    def __init__(self, folder, after):
        super().__init__(folder=folder)
        self.left = after

    def save_checkpoint(self, key, state, force=False):
        super().save_checkpoint(key, state, force)
        self.left -= 1
        if self.left == 0:
            raise Killed
