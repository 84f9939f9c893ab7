//! Every way to sign in to a real Postgres that stands for another machine: what it may ask for depends on how far its
//! certificate was checked.

use crate::bench::{Bench, connect};
use crate::pooler::{certificates_for, has};
use crate::ways::{turn_tls_on, write_on_server};
use supadeck::adapters::postgres::{PgDatabase, PgVariables};
use supadeck::domain::problem::{Kind, Problem};
use supadeck::ports::Database as _;
use supadeck_stack::{Options, Stack};

/// A name that is not this machine's; its address is given in the URL.
const HOST: &str = "db.example.org";

struct Server {
    stack: Stack,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// A cluster of its own with TLS and a role for each way to sign in.
    async fn start() -> Option<Self> {
        if !has("openssl") {
            println!("skipped: openssl is not installed");
            return None;
        }
        let stack = Stack::start(Options::default()).await.unwrap();
        let bench = Bench::on(stack.create_database("doors").await.unwrap()).await;
        let admin = connect(&stack.superuser_url("doors")).await;
        let folder = tempfile::tempdir().unwrap();
        certificates_for(folder.path(), HOST);
        admin
            .batch_execute(
                "create role clear login password 'hush';\
                set password_encryption = md5;\
                create role old login password 'hush';\
                reset password_encryption;\
                create role modern login password 'hush';\
                create role open login password 'hush';\
                grant connect on database doors to clear, old, modern, open",
            )
            .await
            .unwrap();
        let row = admin
            .query_one("select pg_read_file('pg_hba.conf')", &[])
            .await
            .unwrap();
        let rules = "host all clear 127.0.0.1/32 password\nhost all old 127.0.0.1/32 md5\nhost all open 127.0.0.1/32 trust\n";
        let rules = format!("{rules}{}", row.get::<_, String>(0));
        write_on_server(&admin, "pg_hba.conf", &rules).await;
        turn_tls_on(&admin, folder.path()).await;
        let port = bench.url.rsplit_once('/').unwrap().0;
        let port = port.rsplit_once(':').unwrap().1.parse().unwrap();
        Some(Self {
            stack,
            port,
            folder,
        })
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn sign_in(
        &self,
        login: &str,
        host: &str,
        parameters: &str,
        variables: &PgVariables,
    ) -> Result<String, Problem> {
        let url = format!(
            "postgresql://{login}@{host}:{}/doors?hostaddr=127.0.0.1&{parameters}",
            self.port
        );
        let database = PgDatabase::parse_with(&url.into(), variables)?;
        Ok(database.history().await?.target.role)
    }
}

#[tokio::test]
async fn an_unchecked_server_gets_a_scram_proof_and_a_checked_one_what_it_asks_for() {
    let Some(server) = Server::start().await else {
        return;
    };
    let none = PgVariables::default();
    let root = server.file("root.crt");
    let checked = [
        format!("sslmode=verify-full&sslrootcert={root}"),
        format!("sslmode=verify-ca&sslrootcert={root}"),
        format!("sslmode=require&sslrootcert={root}"),
    ];
    for parameters in ["", "sslmode=disable", "sslmode=prefer", "sslmode=require"] {
        let found = server.sign_in("modern:hush", HOST, parameters, &none).await;
        assert_eq!(found.unwrap(), "modern", "{parameters}");
        for login in ["clear:hush", "old:hush", "open:hush"] {
            let problem = server
                .sign_in(login, HOST, parameters, &none)
                .await
                .unwrap_err();
            assert_eq!(
                problem.kind,
                Kind::Auth,
                "{login} {parameters}: {problem:?}"
            );
            assert!(problem.what.contains("was not signed in to"), "{problem}");
            let here = server.sign_in(login, "localhost", parameters, &none).await;
            assert!(here.is_ok(), "{login} {parameters}: {here:?}");
        }
        // Without a password there is nothing to lose by a server that asks for none.
        let found = server.sign_in("open", HOST, parameters, &none).await;
        assert_eq!(found.unwrap(), "open", "{parameters}");
    }
    for parameters in &checked {
        for role in ["modern", "clear", "old", "open"] {
            let login = format!("{role}:hush");
            let found = server.sign_in(&login, HOST, parameters, &none).await;
            assert_eq!(found.unwrap(), role, "{parameters}");
        }
    }
    for (login, words) in [
        ("clear:hush", "password"),
        ("old:hush", "md5"),
        ("old:hush", "!password,!none"),
        ("open:hush", "none"),
        ("modern:hush", "scram-sha-256"),
    ] {
        let parameters = format!("require_auth={words}");
        let found = server.sign_in(login, HOST, &parameters, &none).await;
        assert!(found.is_ok(), "{words}: {found:?}");
    }
    for (login, words) in [("modern:hush", "md5"), ("clear:hush", "!password")] {
        let parameters = format!("require_auth={words}&{}", checked[0]);
        let problem = server
            .sign_in(login, HOST, &parameters, &none)
            .await
            .unwrap_err();
        assert_eq!(problem.kind, Kind::Auth, "{words}: {problem:?}");
    }
    server.stack.stop().await.unwrap();
}

#[tokio::test]
async fn channel_binding_is_used_wherever_there_is_tls() {
    let Some(server) = Server::start().await else {
        return;
    };
    let none = PgVariables::default();
    let root = server.file("root.crt");
    // `channel_binding=require` is how one sees that it was used.
    for parameters in [
        "sslmode=prefer".to_owned(),
        "sslmode=require".to_owned(),
        format!("sslmode=verify-full&sslrootcert={root}"),
    ] {
        for host in [HOST, "localhost"] {
            if host == "localhost" && parameters.contains("verify-full") {
                continue;
            }
            let parameters = format!("{parameters}&channel_binding=require");
            let found = server
                .sign_in("modern:hush", host, &parameters, &none)
                .await;
            assert_eq!(found.unwrap(), "modern", "{host} {parameters}");
        }
    }
    let parameters = "sslmode=disable&channel_binding=require";
    let problem = server
        .sign_in("modern:hush", HOST, parameters, &none)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");
    server.stack.stop().await.unwrap();
}

#[tokio::test]
async fn variables_and_the_root_file_at_home_count() {
    let Some(server) = Server::start().await else {
        return;
    };
    let text = |text: &str| Some(text.to_owned());
    let at_home = |name: &str| PgVariables {
        root_file: Some(server.file(name).into()),
        ..PgVariables::default()
    };
    let clear = "clear:hush";
    // With a root file, `require` checks: the right one lets the password be asked for, another one stops it all.
    let found = server
        .sign_in(clear, HOST, "sslmode=require", &at_home("root.crt"))
        .await;
    assert_eq!(found.unwrap(), "clear");
    for parameters in [
        "sslmode=require",
        "sslmode=verify-ca",
        "sslmode=verify-full",
    ] {
        let problem = server
            .sign_in(clear, HOST, parameters, &at_home("other.crt"))
            .await
            .unwrap_err();
        assert_eq!(problem.kind, Kind::Network, "{parameters}: {problem:?}");
    }
    let problem = server
        .sign_in(clear, HOST, "sslmode=prefer", &at_home("root.crt"))
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");

    let strict = PgVariables {
        sslmode: text("verify-full"),
        sslrootcert: text(&server.file("root.crt")),
        ..at_home("other.crt")
    };
    let found = server.sign_in(clear, HOST, "", &strict).await;
    assert_eq!(found.unwrap(), "clear");
    let problem = server
        .sign_in(clear, "localhost", "", &strict)
        .await
        .unwrap_err();
    assert_eq!(
        problem.kind,
        Kind::Network,
        "the name is checked: {problem:?}"
    );
    // The URL goes first.
    let found = server
        .sign_in(clear, "localhost", "sslmode=disable", &strict)
        .await;
    assert_eq!(found.unwrap(), "clear");
    let other = format!("sslrootcert={}", server.file("other.crt"));
    let problem = server
        .sign_in(clear, HOST, &other, &strict)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Network, "{problem:?}");
    server.stack.stop().await.unwrap();
}
