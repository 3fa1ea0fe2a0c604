"""Two raw tables made usable, and joined with a third."""

import pandas as pd
from kedro.pipeline import Pipeline, node


def clean_companies(companies: pd.DataFrame) -> pd.DataFrame:
    """Turn texts of companies into numbers."""
    rating = companies["company_rating"].str.rstrip("%").astype(float) / 100
    return companies.assign(company_rating=rating, iata_approved=companies["iata_approved"].eq("t"))


def clean_shuttles(shuttles: pd.DataFrame) -> pd.DataFrame:
    """Turn texts of shuttles into numbers."""
    price = shuttles["price"].str.replace(r"[$,]", "", regex=True).astype(float)
    return shuttles.assign(price=price, d_check_complete=shuttles["d_check_complete"].eq("t"))


def join_tables(
    shuttles: pd.DataFrame, companies: pd.DataFrame, reviews: pd.DataFrame
) -> pd.DataFrame:
    """Join the three tables into the model's input."""
    rated = shuttles.merge(reviews, left_on="id", right_on="shuttle_id").drop(columns="id")
    return rated.merge(companies, left_on="company_id", right_on="id").dropna()


def create_pipeline() -> Pipeline:
    """Return the pipeline that prepares the data."""
    return Pipeline(
        [
            node(clean_companies, "companies", "preprocessed_companies", name="companies"),
            node(clean_shuttles, "shuttles", "preprocessed_shuttles", name="shuttles"),
            node(
                join_tables,
                ["preprocessed_shuttles", "preprocessed_companies", "reviews"],
                "model_input_table",
                name="join",
            ),
        ]
    )
