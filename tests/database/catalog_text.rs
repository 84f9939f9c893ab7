//! The catalog of a database as text that can be compared.

use tokio_postgres::Client;

/// All of schemas public and private in lines of text.
pub async fn describe(client: &Client) -> String {
    client
        .batch_execute("begin; set local search_path = ''")
        .await
        .unwrap();
    let rows = client
        .query(include_str!("catalog.sql"), &[])
        .await
        .unwrap();
    client.batch_execute("rollback").await.unwrap();
    let mut text = String::new();
    for row in rows {
        text += row.get(0);
        text.push('\n');
    }
    text
}

/// What one description has and the other has not, with the heading that it stands under.
pub fn difference(expected: &str, got: &str) -> String {
    let lines = |text: &str| -> Vec<String> {
        let mut heading = String::new();
        text.lines()
            .map(|line| {
                if !line.starts_with(' ') {
                    line.clone_into(&mut heading);
                }
                format!("{heading} | {}", line.trim_start())
            })
            .collect()
    };
    let (expected, got) = (lines(expected), lines(got));
    let missing = expected.iter().filter(|line| !got.contains(line));
    let extra = got.iter().filter(|line| !expected.contains(line));
    let all: Vec<String> = missing
        .map(|line| format!("- {line}"))
        .chain(extra.map(|line| format!("+ {line}")))
        .collect();
    all.join("\n")
}
