"""What the model needs besides, in a package."""


class Shift:
    def __init__(self, by: float) -> None:
        self.by = by
