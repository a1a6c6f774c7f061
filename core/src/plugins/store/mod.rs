//! What plugins need in the database: how far each has heard what happened, what it remembers and plans, what it could not deal with,
//! what the operator switched, and the last lines of its log.

pub mod cursors;
pub mod due;
pub mod jobs;
pub mod letters;
pub mod lines;
pub mod switches;
pub mod values;

use sea_orm::{ConnectionTrait, Statement, Value};

/// A statement with its values, for whichever database this is.
fn sql(conn: &impl ConnectionTrait, text: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(conn.get_database_backend(), text, values)
}

/// `$2, $3, …`: so many places after the first.
fn further(count: usize) -> String {
    (2..count + 2).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// `($1, $2), ($3, $4)`: places for `rows` rows of `columns` values.
fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
