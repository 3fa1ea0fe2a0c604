"""Writes the raw tables of the spaceflights project; run in it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .session import report

ROWS = 500


def main() -> None:
    """Write three small tables."""
    folder = Path("data/01_raw")
    numbers = range(ROWS)
    pd.DataFrame(
        {
            "id": numbers,
            "company_rating": [f"{i % 101}%" for i in numbers],
            "iata_approved": ["tf"[i % 2] for i in numbers],
        }
    ).to_csv(folder / "companies.csv", index=False)
    pd.DataFrame(
        {"shuttle_id": numbers, "review_score": [50 + i * 7 % 50 for i in numbers]}
    ).to_csv(folder / "reviews.csv", index=False)
    pd.DataFrame(
        {
            "id": numbers,
            "company_id": [i * 3 % ROWS for i in numbers],
            "engines": [1 + i % 4 for i in numbers],
            "passenger_capacity": [1 + i % 9 for i in numbers],
            "d_check_complete": ["tf"[i % 2] for i in numbers],
            "price": [f"${1000 + 13 * i % 4000:,}" for i in numbers],
        }
    ).to_excel(folder / "shuttles.xlsx", index=False)
    report(rows=ROWS)


if __name__ == "__main__":
    main()
