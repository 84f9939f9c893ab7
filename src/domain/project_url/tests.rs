//! What is a project's URL, what is given instead, and which URL is proposed then.
#![allow(clippy::unwrap_used)]
use super::*;

const REF: &str = "abcdefghijklmnopqrst";
const URL: &str = "https://abcdefghijklmnopqrst.supabase.co";

#[test]
fn a_project_is_told_by_its_url() {
    for text in [
        URL,
        "https://ABCDEFGHIJKLMNOPQRST.supabase.co/ \n",
        "https://abcdefghijklmnopqrst.supabase.co:443",
    ] {
        let url = ProjectUrl::parse(text).unwrap();
        assert_eq!((url.as_str(), url.project_ref()), (URL, Some(REF)));
    }
    for text in [
        "https://api.example.org",
        "https://brand.supabase.co",
        "http://127.0.0.1:54321",
        "https://x.example/base",
    ] {
        let url = ProjectUrl::parse(text).unwrap();
        assert_eq!((url.as_str(), url.project_ref()), (text, None));
    }
    assert_eq!(ProjectUrl::hosted(REF).unwrap().as_str(), URL);
    assert_eq!(ProjectUrl::hosted("short"), None);
}

#[test]
fn what_is_recognised_is_refused_with_the_url_that_is_meant() {
    for text in [
        REF.to_owned(),
        format!("{REF}.supabase.co"),
        format!("https:/{REF}.supabase.co"),
        format!("https://supabase.com/dashboard/project/{REF}"),
        format!("https://supabase.com/dashboard/project/{REF}/settings/api?x=1#y"),
        format!("supabase.com/dashboard/project/{REF}"),
        format!("https://app.supabase.com/project/{REF}/editor"),
        format!("https://api.supabase.com/v1/projects/{REF}"),
        format!("https://db.{REF}.supabase.co"),
        format!("https://db.{REF}.supabase.co:5432/postgres"),
        format!("db.{REF}.supabase.co"),
        format!("https://{REF}.storage.supabase.co/v1/s3"),
        format!("{URL}/rest/v1/cycle"),
        format!("{URL}/rest/v1/"),
        format!("{URL}/rest/v1/cycle?select=*"),
        format!("{URL}/auth/v1"),
        format!("{URL}/storage/v1/object/public/x"),
        format!("{URL}/functions/v1/hello"),
        format!("{URL}/nonsense"),
        format!("https://{REF}.supabase.com"),
        format!("https//{REF}.supabase.co"),
        format!("{URL},"),
        REF.to_uppercase(),
        format!("{URL}:5432"),
        format!("{URL}?apikey=x"),
        format!("{URL}#x"),
        format!("{URL}."),
        format!("{URL}\u{200b}"),
        "https://abcdefghij\u{200b}klmnopqrst.supabase.co".to_owned(),
        format!("\u{feff}{URL}"),
        format!("\"{URL}\""),
        format!("SUPABASE_URL={URL}"),
        format!("export SUPABASE_URL=\"{URL}\""),
        format!("postgresql://postgres:hush@db.{REF}.supabase.co:5432/postgres"),
        format!(
            "postgresql://postgres.{REF}:hush@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"
        ),
    ] {
        let refused = ProjectUrl::parse(&text).unwrap_err();
        assert_eq!(
            refused.proposal.as_deref(),
            Some(URL),
            "{text}: {refused:?}"
        );
        let told = format!("{:?}", refused.problem(&Source::variable("SUPABASE_URL")));
        assert!(
            told.contains("SUPABASE_URL") && !told.contains("hush"),
            "{told}"
        );
    }
    for (text, proposal) in [
        ("https://x.example/base/rest/v1/t", "https://x.example/base"),
        ("http://127.0.0.1:54321/auth/v1", "http://127.0.0.1:54321"),
        (
            "http://127.0.0.1:54323/project/default",
            "http://127.0.0.1:54321",
        ),
        ("localhost:54321", "http://localhost:54321"),
        // More than one thing is wrong.
        (
            "URL='https://x.example/base/rest/v1?a#b'",
            "https://x.example/base",
        ),
        (
            "x.exam\u{200b}ple/base/rest/v1/auth/v1",
            "https://x.example/base",
        ),
    ] {
        let refused = ProjectUrl::parse(text).unwrap_err();
        assert_eq!(
            refused.proposal.as_deref(),
            Some(proposal),
            "{text}: {refused:?}"
        );
    }
}

#[test]
fn what_means_no_project_is_refused_without_a_part_of_it() {
    for text in [
        "",
        "hush",
        "http://hush:99999",
        "ftp://hush",
        "https://<hush>.supabase.co",
        "https://[YOUR-PROJECT-REF].supabase.co",
        "https://your-project.supabase.co",
        "https://xxxxxxxxxxxxxxxxxxxx.supabase.co",
        "https://$REF.supabase.co",
        "xxxxxxxxxxxxxxxxxxxx",
        "https://abcdefghijklmnopqrst.supabase.co https://hush",
        "https://supabase.com/dashboard/project/xxxxxxxxxxxxxxxxxxxx",
        "https://u:hush@x.supabase.co",
        "https://u:12/hush@x.supabase.co",
        "https://hush\u{430}.supabase.co",
        "https://aws-0-eu-central-1.pooler.supabase.com:6543",
        "https://supabase.com/dashboard",
        "https://supabase.co",
        "https://supabase.in/hush",
        "https://www.supabase.co",
        "https://status.supabase.com/hush",
        "https://db.hush.supabase.co",
        "https://hush.storage.supabase.in",
        "sb_secret_hush",
        "sbp_hush",
        "eyJhush",
        "postgresql://postgres:hu@sh@db.abcdefghijklmnopqrst.supabase.co/hush",
        "psql postgresql://u:hush@h/d",
        // What is left of it is refused for another reason.
        "x.example/project\u{200b}/[::1]:1/rest/v1/hush",
        "https://x.example/project/hush/rest/v1",
    ] {
        let refused = ProjectUrl::parse(text).unwrap_err();
        assert_eq!(refused.proposal, None, "{text}");
        let problem = refused.problem(&Source::Option("--url"));
        assert_eq!(problem.kind, Kind::Config);
        let told = format!("{problem:?}");
        assert!(told.contains("--url") && !told.contains("hush"), "{told}");
    }
}
