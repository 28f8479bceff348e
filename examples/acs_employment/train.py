"""Train the demo's classifier: `python -m examples.acs_employment.train FOLDER [v1] [v2]`.

A gradient-boosted classifier of employment, trained on half of 2015 and judged on the other half. It never
sees SEX or RAC1P (they are logged for the monitors, see `model.toml`), which is no proof of fairness: when
women's ages arrive wrong it answers women wrongly without ever having been told who is a woman.

- v1 is the model that the demo puts in service first. It answers whatever number arrives as an age.
- v2 is what comes after the incident. Its cause lies outside of the model: the feed added 40 years to women's
  ages, and the mend is in the feed (the demo turns the incident off before v2 serves). What v2 itself changes
  is modest, and no more is claimed: it is trained anew with another seed and stronger regularisation, and it
  refuses ages that nobody has (below 0, above 120), which would have caught ages in months at the first
  request. It would not have caught women's ages + 40, most of which are possible ages: seeing that needs
  somebody who counts decisions by sex, which is what the monitors are for.
"""

from __future__ import annotations

import hashlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from examples.acs_employment.model import Card, to_matrix
from examples.acs_employment.rows import LABEL, load_spec, read_half
from tribune.exceptions import ConfigurationError, TribuneError
from tribune.metrics.spec import ColumnKind, ModelSpec, Role

if TYPE_CHECKING:
    import pyarrow

NAME = "acs-employment"


@dataclass(frozen=True)
class Recipe:
    """What differs between versions."""

    version: int
    seed: int
    regularisation: float
    max_age: int | None


RECIPES = {
    "v1": Recipe(version=1, seed=1, regularisation=0.0, max_age=None),
    "v2": Recipe(version=2, seed=2, regularisation=5.0, max_age=120),
}


def train(recipe_name: str, folder: Path) -> Path:
    """Train a version, write artifact and card into `folder`, and return the card's path.

    Raises:
        ConfigurationError: for a version without a recipe.
    """
    import joblib
    import sklearn
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has none

    recipe = RECIPES.get(recipe_name)
    if recipe is None:
        raise ConfigurationError(
            f"There is no recipe {recipe_name!r}.", mend=f"Known: {', '.join(sorted(RECIPES))}."
        )
    spec = load_spec()
    inputs = tuple(column.name for column in spec.with_role(Role.FEATURE))
    seen, held_out = read_half(held_out=False), read_half(held_out=True)
    classifier = _classifier(recipe, [spec.column(name).kind is ColumnKind.CATEGORY for name in inputs])
    with threadpool_limits(1):  # on a busy machine two threads wait for each other longer than they save
        classifier.fit(_matrix(seen, inputs, spec), seen.column(LABEL).to_numpy(False))
        said = classifier.predict(_matrix(held_out, inputs, spec))
    right = int((said == held_out.column(LABEL).to_numpy(False)).sum())
    buffer = io.BytesIO()
    joblib.dump(classifier, buffer)
    stem = f"{NAME}-{recipe_name}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.joblib").write_bytes(buffer.getvalue())
    card = Card(
        name=NAME,
        version=recipe.version,
        artifact=f"{stem}.joblib",
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        inputs=inputs,
        trained_rows=seen.num_rows,
        held_out_rows=held_out.num_rows,
        accuracy=right / held_out.num_rows,
        max_age=recipe.max_age,
        library=f"scikit-learn {sklearn.__version__}",
    )
    path = folder / f"{stem}.json"
    card.write(path)
    return path


def _classifier(recipe: Recipe, is_category: list[bool]) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    nan = float("nan")
    # A value that training never had goes where missing ones go; it is the monitors' business to count it.
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=nan, encoded_missing_value=nan)
    numbers = [place for place, flag in enumerate(is_category) if not flag]
    categories = [place for place, flag in enumerate(is_category) if flag]
    return make_pipeline(
        ColumnTransformer([("numbers", "passthrough", numbers), ("categories", encoder, categories)]),
        HistGradientBoostingClassifier(
            max_iter=40,
            learning_rate=0.15,
            max_leaf_nodes=15,
            l2_regularization=recipe.regularisation,
            categorical_features=[False] * len(numbers) + [True] * len(categories),
            early_stopping=False,
            random_state=recipe.seed,
        ),
    )


def _matrix(table: pyarrow.Table, inputs: tuple[str, ...], spec: ModelSpec) -> Any:
    return to_matrix({name: table.column(name).to_pylist() for name in inputs}, spec)


def main(arguments: list[str]) -> None:
    """Train versions (all, where none is named) and say how good they are."""
    if not arguments:
        sys.exit(__doc__)
    folder, *names = arguments
    for name in names or RECIPES:
        try:
            card = Card.load(train(name, Path(folder)))
        except TribuneError as fault:
            sys.exit(str(fault))
        print(
            f"{card.name} v{card.version}: trained on {card.trained_rows} rows, "
            f"{card.accuracy:.1%} right on {card.held_out_rows} held out."
        )


if __name__ == "__main__":
    main(sys.argv[1:])
