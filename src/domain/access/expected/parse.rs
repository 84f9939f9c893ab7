//! Reads sentences about who may do what.

use super::super::rules::Verb;
use super::super::viewer::Who;
use super::{ExpectedFile, ExpectedLine, Number, Reach, What};
use crate::domain::problem::{Kind, Problem};

/// A word of a line: plain, with the quotes of names taken away; `parts` are what its dots part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    parts: Vec<String>,
    is_quoted: bool,
    list: Option<Vec<String>>,
}

impl Word {
    fn is(&self, word: &str) -> bool {
        !self.is_quoted
            && self.list.is_none()
            && self.parts.len() == 1
            && self.parts[0].eq_ignore_ascii_case(word)
    }

    fn whole(&self) -> String {
        self.parts.join(".")
    }
}

/// Cuts a line into words, commas away from them; what stands between parentheses is a list.
pub(super) fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('(') {
            let Some((list, after)) = inside.split_once(')') else {
                return Err("a parenthesis is not closed".to_owned());
            };
            let list = self::words(list)?.iter().map(Word::whole).collect();
            words.push(Word {
                parts: Vec::new(),
                is_quoted: false,
                list: Some(list),
            });
            rest = after.trim_start();
            continue;
        }
        let (word, after) = word(rest)?;
        words.push(word);
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
        }
    }
    Ok(words)
}

pub(super) fn word(text: &str) -> Result<(Word, &str), String> {
    let (mut parts, mut part, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut all = text.char_indices().peekable();
    let mut end = text.len();
    let mut is_address = false;
    while let Some((at, c)) = all.next() {
        match c {
            '"' => {
                is_quoted = true;
                loop {
                    match all.next() {
                        None => return Err("a quote is not closed".to_owned()),
                        Some((_, '"')) if all.peek().is_some_and(|(_, next)| *next == '"') => {
                            all.next();
                            part.push('"');
                        }
                        Some((_, '"')) => break,
                        Some((_, '\\')) => match all.next() {
                            Some((_, 'n')) => part.push('\n'),
                            Some((_, 'r')) => part.push('\r'),
                            Some((_, other)) => part.push(other),
                            None => return Err("a quote is not closed".to_owned()),
                        },
                        Some((_, c)) => part.push(c),
                    }
                }
            }
            '.' if !is_address => parts.push(std::mem::take(&mut part)),
            c if c.is_whitespace() || c == ',' || c == '(' => {
                end = at;
                break;
            }
            c => {
                is_address |= c == ':';
                part.push(c);
            }
        }
    }
    parts.push(part);
    let word = Word {
        parts,
        is_quoted,
        list: None,
    };
    Ok((word, &text[end..]))
}

/// Reads a file.
pub fn parse(text: &str) -> Result<ExpectedFile, Problem> {
    let mut file = ExpectedFile::default();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fault = |why: String| {
            Problem::new(
                Kind::Usage,
                format!("Line {} of the expectations cannot be read.", at + 1),
                format!("{}.", crate::domain::text::cell(&why)),
            )
            .with_hint("A line is a sentence such as `anon sees nothing of goal` or `user:alice may update rows of goal`; see docs/access.md.")
        };
        let rest = line.strip_prefix("schemas");
        if let Some(schemas) = rest.filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
            let schemas = words(schemas).map_err(fault)?;
            file.schemas = Some(schemas.iter().map(Word::whole).collect());
            continue;
        }
        if let Some(names) = line.strip_prefix("only ") {
            let names = words(names).map_err(fault)?;
            let names = names.iter().map(|name| name.whole().parse());
            file.only = Some(names.collect::<Result<_, String>>().map_err(fault)?);
            continue;
        }
        let what = sentence(line).map_err(fault)?;
        file.lines.push(ExpectedLine {
            number: at + 1,
            text: line.to_owned(),
            what,
        });
    }
    Ok(file)
}

pub(super) fn sentence(line: &str) -> Result<What, String> {
    if let Some(rest) = line.strip_prefix("policy ") {
        let (policy, rest) = word(rest)?;
        let rest = rest
            .trim_start()
            .strip_prefix("on ")
            .ok_or("`on` and a table are missing")?;
        let (table, _) = word(rest)?;
        return Ok(What::Policy {
            name: policy.whole(),
            table: table.whole(),
        });
    }
    let (who, rest) = word(line)?;
    let who: Who = who.whole().parse()?;
    let rest = rest.trim_start();
    if let Some(function) = rest.strip_prefix("may execute ") {
        let function = function.strip_suffix(" as its owner").unwrap_or(function);
        return Ok(What::Executes {
            who,
            function: function.trim().to_owned(),
        });
    }
    let words = words(rest)?;
    let mut words = words.iter().peekable();
    match words.next() {
        Some(word) if word.is("sees") => {
            let number = number(&mut words)?;
            of(&mut words)?;
            Ok(What::Sees {
                who,
                number,
                table: last(&mut words)?,
            })
        }
        Some(word) if word.is("may") => {
            let is_not = words.next_if(|word| word.is("not")).is_some();
            let mut verbs = Vec::new();
            while let Some(word) = words.peek() {
                if word.is("and") {
                    words.next();
                } else if word.is("anything") || word.is("nothing") {
                    words.next();
                    verbs.extend(Verb::ALL);
                } else if let Some(verb) = Verb::of(&word.whole().to_lowercase()) {
                    words.next();
                    verbs.push(verb);
                } else {
                    break;
                }
            }
            if verbs.is_empty() {
                return Err(
                    "a verb is missing: select, insert, update, delete or anything".to_owned(),
                );
            }
            let list = |word: Option<&Word>| word.and_then(|word| word.list.clone());
            let mut reach = if is_not {
                Reach::Nothing
            } else {
                Reach::Anything
            };
            let kind = words.next_if(|word| word.is("all") || word.is("rows"));
            let columns = list(words.next_if(|word| word.list.is_some()));
            if let Some(kind) = kind.filter(|_| !is_not) {
                of(&mut words)?;
                reach = if kind.is("all") {
                    Reach::All(columns)
                } else {
                    Reach::Rows(columns, None)
                };
            } else {
                words.next_if(|word| word.is("of") || word.is("with") || word.is("in"));
            }
            let table = words.next().ok_or("a table is missing")?.whole();
            if words.next_if(|word| word.is("by")).is_some() {
                let policies: Vec<String> = words.by_ref().map(Word::whole).collect();
                match &mut reach {
                    Reach::Rows(_, by) if !policies.is_empty() => *by = Some(policies),
                    _ => return Err("policies stand behind `rows of TABLE by`".to_owned()),
                }
            }
            if let Some(odd) = words.next() {
                return Err(format!("`{}` is not understood", odd.whole()));
            }
            Ok(What::May {
                who,
                verbs,
                reach,
                table,
            })
        }
        _ => Err("behind the identity stands `sees` or `may`".to_owned()),
    }
}

type Words<'a> = std::iter::Peekable<std::slice::Iter<'a, Word>>;

fn of(words: &mut Words<'_>) -> Result<(), String> {
    match words.next() {
        Some(word) if word.is("of") => Ok(()),
        _ => Err("`of` and a table are missing".to_owned()),
    }
}

fn last(words: &mut Words<'_>) -> Result<String, String> {
    let table = words.next().ok_or("a table is missing")?.whole();
    match words.next() {
        None => Ok(table),
        Some(odd) => Err(format!("`{}` is not understood", odd.whole())),
    }
}

fn number(words: &mut Words<'_>) -> Result<Number, String> {
    let wrong = || {
        "behind `sees` stands nothing, all, some, a number, `at least` or `at most` a number"
            .to_owned()
    };
    let word = words.next().ok_or_else(wrong)?;
    let parsed = |word: Option<&Word>| {
        word.and_then(|word| word.whole().parse::<u64>().ok())
            .ok_or_else(wrong)
    };
    if word.is("nothing") || word.is("no") {
        return Ok(Number::Just(0));
    }
    if word.is("all") || word.is("everything") {
        return Ok(Number::All);
    }
    if word.is("some") {
        return Ok(Number::Some);
    }
    if word.is("at") {
        return match words.next() {
            Some(word) if word.is("least") => Ok(Number::Least(parsed(words.next())?)),
            Some(word) if word.is("most") => Ok(Number::Most(parsed(words.next())?)),
            _ => Err(wrong()),
        };
    }
    Ok(Number::Just(parsed(Some(word))?))
}
