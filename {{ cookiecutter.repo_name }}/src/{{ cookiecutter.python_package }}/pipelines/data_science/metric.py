"""How a model is scored: with the metric that `parameters.yml` names, or the usual one."""

from __future__ import annotations

from typing import Any

from .checks import PARAMETERS, did_you_mean, name_of
from .hints import Model

FOR_CLASSES = ("f1", "accuracy", "roc_auc")
FOR_NUMBERS = ("r2", "neg_root_mean_squared_error", "neg_mean_absolute_error")
# scikit-learn does not tell which of its scorers are for which kind of model.
_NEGATIVE_FOR_CLASSES = {"neg_brier_score", "neg_log_loss", "neg_negative_likelihood_ratio"}
_OTHERS_FOR_NUMBERS = {"r2", "explained_variance", "d2_absolute_error_score", "max_error"}


def choose_metric(metric: str | None, model: Model) -> str:
    """Return the metric's name: the one that is given, else `f1` of classes or `r2` of numbers.

    Args:
        metric: `metric` of `parameters.yml`.
        model: A scikit-learn model, trained or not.

    Raises:
        ValueError: When there is no such metric, or none for this kind of model.
    """
    from sklearn.base import is_regressor
    from sklearn.metrics import get_scorer_names

    regressor = is_regressor(model)
    kind, usual = ("regressor", FOR_NUMBERS) if regressor else ("classifier", FOR_CLASSES)
    if metric is None:
        return usual[0]
    names = get_scorer_names()
    fitting = [name for name in names if _is_for_numbers(name) == regressor]
    if metric in fitting:
        return metric
    if metric in names:
        wrong = (
            f"which does not score a {kind}, but the model is the {kind} {name_of(model)} (a "
            f"stored one stays what it is; `kedro run` trains anew)."
        )
    else:
        wrong = f"which scikit-learn does not know.{did_you_mean(str(metric).lower(), fitting)}"
    raise ValueError(
        f"'metric' is {metric!r}, {wrong} Edit 'metric' in {PARAMETERS}: take {', '.join(usual)}, "
        f"or another scorer of scikit-learn's for a {kind}."
    )


def make_scorer(metric: str, target: Any) -> Any:
    """Return scikit-learn's scorer of a metric; greater is better with each.

    F1, precision, recall and Jaccard are those of the positive class of two, the last in sorting
    order, so 1 of 0 and 1; of more classes, their mean over these. ROC AUC of more is the mean of
    each class against the rest.

    Args:
        metric: A name that `choose_metric` returns.
        target: The column that is predicted, a pandas Series.
    """
    from sklearn import metrics

    of_one_class = {
        "f1": metrics.f1_score,
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "jaccard": metrics.jaccard_score,
    }
    two = target.nunique() == 2
    if metric in of_one_class:
        # Said even where it has no meaning: scikit-learn 1.7 looks for its default, 1, in the
        # classes.
        options: dict[str, Any] = {"average": "macro", "pos_label": None, "zero_division": 0.0}
        if two:
            options |= {"average": "binary", "pos_label": max(target)}
        return metrics.make_scorer(of_one_class[metric], **options)
    if metric == "roc_auc" and not two:
        return metrics.get_scorer("roc_auc_ovr")
    if metric == "average_precision" and two:
        return metrics.make_scorer(
            metrics.average_precision_score,
            response_method=("decision_function", "predict_proba"),
            pos_label=max(target),
        )
    if metric == "neg_brier_score" and two:
        return metrics.make_scorer(
            metrics.brier_score_loss,
            greater_is_better=False,
            response_method="predict_proba",
            pos_label=max(target),
        )
    return metrics.get_scorer(metric)


def explain(error: Exception, metric: str, model: Model, target: Any) -> ValueError:
    """Return what to tell when a model could not be scored.

    Args:
        error: What scikit-learn raised.
        metric: The metric's name.
        model: The trained model.
        target: The column that is predicted.
    """
    name = name_of(model)
    if isinstance(error, AttributeError) and not hasattr(model, "predict_proba"):
        why = f"needs probabilities, and {name} gives none"
    else:
        why = f"cannot score {name} on the target {target.name!r}: {error}"
    return ValueError(f"'metric' is {metric!r}, which {why}. Edit 'metric' in {PARAMETERS}.")


def _is_for_numbers(name: str) -> bool:
    negative = name.startswith("neg_") and name not in _NEGATIVE_FOR_CLASSES
    return negative or name in _OTHERS_FOR_NUMBERS
