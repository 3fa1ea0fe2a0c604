"""A model of the project's own, in a file that no package holds."""

from sklearn.linear_model import LinearRegression


class Shifted(LinearRegression):
    def __init__(self, shift=None, fit_intercept: bool = True) -> None:
        super().__init__(fit_intercept=fit_intercept)
        self.shift = shift

    def predict(self, X):
        return super().predict(X) + self.shift.by
