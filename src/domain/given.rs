//! API keys and access tokens as people give them. What was pasted around one is left out and said; what is none is named
//! for what it is before anything is sent. No message repeats any of it, but single characters.

use super::pasted;
use super::problem::{Kind, Problem};
use super::project_url::{ProjectUrl, is_ref};
use super::secret::{ApiKey, KEY_FORMS, KeyForm};
use super::source::Source;
use super::token::Claims;
use secrecy::{ExposeSecret as _, SecretString};

/// A value that can be used, and what is to be said about how it was given.
#[derive(Debug)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// What was left out around it, as a sentence.
    pub note: Option<String>,
}

/// Why a text is no API key, or no access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is nothing.
    Empty,
    /// What stands in examples and settings files where one belongs.
    Placeholder,
    /// Masked, as pages show it.
    Masked,
    /// Cut off with an ellipsis, or a JWT that is not whole.
    CutOff,
    /// `sb_secret_` or `sb_publishable_` and nothing behind it.
    BarePrefix,
    /// White space or something that cannot be seen, inside.
    Blank(char),
    /// A character that none has.
    Character(char),
    /// An access token where a key belongs.
    AccessToken,
    /// A key where an access token belongs.
    Key,
    /// A database URL.
    DatabaseUrl,
    /// A web address.
    WebAddress,
    /// A signed-in user's token, or one of another role.
    UserToken,
    /// Perhaps the project's JWT secret.
    JwtSecret,
    /// The name of a variable.
    Name,
    /// Nothing that is known.
    Unknown,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Key,
    Token,
}

/// Where each is found.
const KEY_HINT: &str =
    "The dashboard shows the project's keys under Project Settings, API Keys; copy one whole.";
const TOKEN_HINT: &str =
    "Make one in the dashboard under Account, Access Tokens; it begins with sbp_.";

/// Reads an API key.
pub fn api_key(text: &SecretString, source: &Source) -> Result<Given<ApiKey>, Problem> {
    let (bare, note) = cleaned(text.expose_secret());
    if let Some(fault) = key_fault(bare) {
        return Err(fault.problem(Wanted::Key, source));
    }
    Ok(Given {
        value: ApiKey::new(&bare.to_owned().into()),
        note: note.map(|note| note.replace("{}", &source.of("The key"))),
    })
}

/// Reads an access token of the Management API.
pub fn access_token(text: &SecretString, source: &Source) -> Result<Given<SecretString>, Problem> {
    let (bare, note) = cleaned(text.expose_secret());
    if let Some(fault) = token_fault(bare) {
        return Err(fault.problem(Wanted::Token, source));
    }
    Ok(Given {
        value: bare.to_owned().into(),
        note: note.map(|note| note.replace("{}", &source.of("The access token"))),
    })
}

/// Whether a key is of another project than the one at a URL: a legacy key says whose it is. A hosted project's key belongs
/// neither to another ref nor to this machine or a plain IP address. A domain may be a hosted project's own.
pub fn is_of_another_project(key: &ApiKey, url: &ProjectUrl) -> bool {
    let Some(own) = Claims::decode(key.expose()).and_then(|claims| claims.project_ref) else {
        return false;
    };
    match url.project_ref() {
        Some(reference) => own != reference,
        None => is_ref(&own) && url.is_never_hosted(),
    }
}

/// The ref of the hosted project that a legacy key says it is of.
pub fn ref_of_key(key: &ApiKey) -> Option<String> {
    let claims = Claims::decode(key.expose())?;
    claims.project_ref.filter(|reference| is_ref(reference))
}

/// The problem of such a key.
pub fn another_project(source: &Source) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{} cannot be used.", source.of("The key")),
        "It belongs to another project than the URL: the ref in it is that of another one.",
    )
    .with_hint("Take the URL and the key from the same project; they are shown on the same page of the dashboard.")
}

/// What is pasted along with a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    /// A name that it is assigned to.
    Name,
    /// The word `Bearer`.
    Bearer,
    Quotes,
    Invisible,
    Blanks,
    /// One line break at the end, which a shell or an editor adds.
    LineEnd,
    Punctuation,
}

/// The text without the outermost thing that was pasted along; `None` where there is none.
fn unwrapped(text: &str) -> Option<(&str, Wrapper)> {
    let (inner, said) = pasted::trimmed(text);
    if inner != text {
        let wrapper = match said {
            Some(said) if said.contains("quotes") => Wrapper::Quotes,
            Some(said) if said.contains("Invisible") => Wrapper::Invisible,
            Some(_) => Wrapper::Blanks,
            None => Wrapper::LineEnd,
        };
        return Some((inner, wrapper));
    }
    if let Some((_, value)) = pasted::assigned(text) {
        return Some((value, Wrapper::Name));
    }
    if let Some(head) = text.get(..7)
        && head.eq_ignore_ascii_case("bearer ")
    {
        return Some((&text[7..], Wrapper::Bearer));
    }
    let inner = text.strip_suffix([';', ','])?;
    Some((inner, Wrapper::Punctuation))
}

/// The text without what is pasted along, and what that was. One thing can stand inside another:
/// `export KEY="Bearer …"`. What is still wrapped after a few of them is no key.
fn cleaned(text: &str) -> (&str, Option<&'static str>) {
    let mut bare = text;
    let (mut name, mut bearer, mut around) = (false, false, None);
    for _ in 0..12 {
        let Some((inner, wrapper)) = unwrapped(bare) else {
            break;
        };
        match wrapper {
            Wrapper::Name => name = true,
            Wrapper::Bearer => bearer = true,
            Wrapper::LineEnd => {}
            _ => around = around.or(Some(wrapper)),
        }
        bare = inner;
    }
    let note = if name {
        Some("{} had a name in front of it, which was left out.")
    } else if bearer {
        Some("{} had the word Bearer in front of it, which was left out.")
    } else {
        around.map(|wrapper| match wrapper {
            Wrapper::Quotes => "{} had quotes around it, which were left out.",
            Wrapper::Invisible => "{} had invisible characters around it, which were left out.",
            Wrapper::Punctuation => "{} had a comma or semicolon after it, which was left out.",
            _ => "{} had white space around it, which was left out.",
        })
    };
    (bare, note)
}

fn key_fault(text: &str) -> Option<Fault> {
    if let Some(fault) = fault_of_either(text) {
        return Some(fault);
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("sbp_") {
        return Some(Fault::AccessToken);
    }
    for prefix in ["sb_publishable_", "sb_secret_"] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return match rest {
                "" => Some(Fault::BarePrefix),
                rest if is_unfilled(rest) => Some(Fault::Placeholder),
                rest => odd(rest, |c| c.is_ascii_alphanumeric() || "-_".contains(c)),
            };
        }
    }
    if text.starts_with("eyJ") {
        let is_whole = text.split('.').count() == 3 && text.split('.').all(|part| !part.is_empty());
        let claims = Claims::decode(text).filter(|_| is_whole);
        return match claims {
            None => Some(Fault::CutOff),
            Some(_) => match ApiKey::new(&text.to_owned().into()).form() {
                KeyForm::OtherToken => Some(Fault::UserToken),
                _ => odd(text, is_of_jwt),
            },
        };
    }
    let is_base64 = text.len() >= 32
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+/=-_".contains(c));
    if is_base64 || lower.contains("jwt") {
        return Some(Fault::JwtSecret);
    }
    // Other JWTs than those that begin as Supabase's do.
    match ApiKey::new(&text.to_owned().into()).form() {
        KeyForm::LegacyAnon | KeyForm::LegacyService => odd(text, is_of_jwt),
        KeyForm::OtherToken => Some(Fault::UserToken),
        _ => Some(Fault::Unknown),
    }
}

fn token_fault(text: &str) -> Option<Fault> {
    if let Some(fault) = fault_of_either(text) {
        return Some(fault);
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("sb_") {
        return Some(Fault::Key);
    }
    if text.starts_with("eyJ") {
        let role = Claims::decode(text).map(|claims| claims.role);
        return Some(match role.as_deref() {
            None => Fault::CutOff,
            Some("anon" | "service_role") => Fault::Key,
            Some(_) => Fault::UserToken,
        });
    }
    match text.strip_prefix("sbp_") {
        None => Some(Fault::Unknown),
        Some("" | "oauth_") => Some(Fault::BarePrefix),
        Some(rest) if is_unfilled(rest) => Some(Fault::Placeholder),
        Some(rest) => odd(rest, |c| c.is_ascii_alphanumeric() || c == '_'),
    }
}

/// What is neither a key nor a token.
fn fault_of_either(text: &str) -> Option<Fault> {
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        return Some(Fault::Empty);
    }
    if lower.starts_with("postgres") && text.contains(':') {
        return Some(Fault::DatabaseUrl);
    }
    if text.contains("://") {
        return Some(Fault::WebAddress);
    }
    if is_unfilled(text) {
        return Some(Fault::Placeholder);
    }
    if text.contains(['•', '●', '*']) {
        return Some(Fault::Masked);
    }
    if text.contains('…') || text.contains("...") {
        return Some(Fault::CutOff);
    }
    if let Some(c) = text.chars().find(|c| pasted::is_blank(*c)) {
        return Some(Fault::Blank(c));
    }
    if let Some(c) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Some(Fault::Character(c));
    }
    let is_name = text.len() >= 4
        && text.contains('_')
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_name {
        return Some(Fault::Name);
    }
    unwrapped(text).map(|_| Fault::Unknown)
}

/// Whether a text is what stands in examples: `<anon key>`, `your-anon-key`, `anon key`.
fn is_unfilled(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "null",
        "none",
        "undefined",
        "anon",
        "anonkey",
        "publishablekey",
        "secretkey",
        "servicerolekey",
        "servicerole",
        "apikey",
        "key",
        "accesstoken",
        "token",
        "secret",
        "changeme",
    ];
    let plain: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let behind = ["sb_publishable_", "sb_secret_", "sbp_"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    // Behind a prefix there are letters by chance: only what begins so is an example.
    let is_example = |text: &str| {
        let lower = text.to_ascii_lowercase();
        ["your_", "your-", "your "]
            .iter()
            .any(|word| lower.starts_with(word))
    };
    pasted::is_placeholder(text)
        || behind.is_some_and(pasted::is_placeholder)
        || text.contains(['<', '>', '{', '}'])
        || (text.starts_with('[') && text.ends_with(']'))
        || WORDS.contains(&plain.as_str())
        || is_example(behind.unwrap_or(text))
}

fn is_of_jwt(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.=".contains(c)
}

fn odd(text: &str, allows: fn(char) -> bool) -> Option<Fault> {
    text.chars().find(|c| !allows(*c)).map(Fault::Character)
}

impl Fault {
    fn problem(self, wanted: Wanted, source: &Source) -> Problem {
        let (what, other, hint) = match wanted {
            Wanted::Key => ("The key", format!("A key is {KEY_FORMS}."), KEY_HINT),
            Wanted::Token => (
                "The access token",
                "An access token begins with sbp_.".to_owned(),
                TOKEN_HINT,
            ),
        };
        let why = match self {
            Self::Empty => "There is nothing in it.".to_owned(),
            Self::Placeholder => "It is a placeholder, as in an example.".to_owned(),
            Self::Masked => "It is masked, with dots or stars for its characters.".to_owned(),
            Self::CutOff => "It is cut off: a part of it is missing.".to_owned(),
            Self::BarePrefix => "It is the prefix alone, without what belongs behind it.".to_owned(),
            Self::Blank(c) => format!("It has {} in it.", pasted::named(c)),
            Self::Character(c) => format!(
                "It has {} in it, a character that none has.",
                pasted::named(c)
            ),
            Self::AccessToken => {
                "It is an access token of the Management API, which opens every project of its owner; it was not sent.".to_owned()
            }
            Self::Key => "It is an API key of a project.".to_owned(),
            Self::DatabaseUrl => "It is a database URL.".to_owned(),
            Self::WebAddress => "It is a web address.".to_owned(),
            Self::UserToken => {
                "It is a token of another role than anon and service_role, such as a signed-in user's.".to_owned()
            }
            Self::JwtSecret => {
                "It is of no known form, and may be the project's JWT secret, which signs keys and is sent nowhere.".to_owned()
            }
            Self::Name => "It is the name of a variable, not what is in it.".to_owned(),
            Self::Unknown => other.clone(),
        };
        let hint = match (self, wanted) {
            (Self::AccessToken, _) => format!(
                "An access token is given with --access-token or SUPABASE_ACCESS_TOKEN. {other} {hint}"
            ),
            (Self::Key, _) => format!(
                "A key is given with --key, SUPABASE_PUBLISHABLE_KEY or SUPABASE_SECRET_KEY. {hint}"
            ),
            (Self::DatabaseUrl, _) => {
                format!("A database URL is given with --db-url or SUPABASE_DB_URL. {other} {hint}")
            }
            (Self::WebAddress, _) => {
                format!("The project's URL is given with --url or SUPABASE_URL. {other} {hint}")
            }
            (Self::UserToken, _) => format!("Users sign in with `supadeck login`. {other} {hint}"),
            (Self::Name, _) => format!("In an option a variable is meant by env:NAME. {hint}"),
            (Self::Unknown, _) => hint.to_owned(),
            _ => format!("{other} {hint}"),
        };
        // Whoever gives something of no known form is told so as if the project had refused it.
        let kind = match self {
            Self::Unknown => Kind::Auth,
            _ => Kind::Config,
        };
        Problem::new(kind, format!("{} cannot be used.", source.of(what)), why).with_hint(hint)
    }
}

#[cfg(test)]
mod tests;
