//! Every way to sign in to a real Postgres that stands for another machine: what it may ask for depends on how far its
//! certificate was checked.

use crate::fixture::pooler::{certificates_for, has};
use crate::fixture::tls::{honest_tls, turn_tls_on, write_on_server};
use crate::fixture::{TestProject, connect};
use std::sync::Arc;
use supadeck::adapters::postgres::{PgDatabase, PgVariables};
use supadeck::domain::problem::{Kind, Problem};
use supadeck::ports::Database as _;
use supadeck_stack::{Options, Stack};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

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
        let project = TestProject::on(stack.create_database("doors").await.unwrap()).await;
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
        let port = project.url.rsplit_once('/').unwrap().0;
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
        let database = PgDatabase::parse_from(
            &url.into(),
            &supadeck::domain::source::Source::Code,
            variables,
        )?;
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

/// Somebody in between: TLS of their own towards the client, TLS towards the server, and every byte passed on. Who hides
/// takes the offer of channel binding out of the server's question.
async fn middle(server: &Server, hides: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = honest_tls(HOST);
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(server.file("root.crt")).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let behind = server.port;
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (acceptor, connector) = (acceptor.clone(), connector.clone());
            tokio::spawn(async move {
                let mut request = [0; 8];
                client.read_exact(&mut request).await.unwrap();
                client.write_all(b"S").await.unwrap();
                let mut client = acceptor.accept(client).await.unwrap();
                let mut server = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                server.write_all(&request).await.unwrap();
                assert_eq!(server.read_u8().await.unwrap(), b'S');
                let name = ServerName::try_from(HOST).unwrap();
                let mut server = connector.connect(name, server).await.unwrap();
                if hides {
                    let mut bytes = [0; 4096];
                    let count = client.read(&mut bytes).await.unwrap();
                    server.write_all(&bytes[..count]).await.unwrap();
                    let count = server.read(&mut bytes).await.unwrap();
                    let question = String::from_utf8_lossy(&bytes[..count]).into_owned();
                    assert!(question.contains("SCRAM-SHA-256-PLUS\0"), "{question:?}");
                    let weaker = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0";
                    client.write_all(weaker).await.unwrap();
                }
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn who_passes_a_scram_proof_on_is_not_let_in() {
    let Some(server) = Server::start().await else {
        return;
    };
    for hides in [false, true] {
        let port = middle(&server, hides).await;
        for parameters in ["", "sslmode=require"] {
            let url = format!(
                "postgresql://modern:hush@{HOST}:{port}/doors?hostaddr=127.0.0.1&{parameters}"
            );
            let problem = crate::fixture::database(&url).history().await.unwrap_err();
            assert_eq!(
                problem.kind,
                Kind::Auth,
                "{hides} {parameters}: {problem:?}"
            );
        }
        // Nothing but the binding to the certificate stops them.
        let url = format!(
            "postgresql://modern:hush@{HOST}:{port}/doors?hostaddr=127.0.0.1&channel_binding=disable"
        );
        let history = crate::fixture::database(&url).history().await;
        assert!(history.is_ok(), "{hides}: {history:?}");
        // The same way leads in when nobody stands in it.
        let none = PgVariables::default();
        let found = server.sign_in("modern:hush", HOST, "sslmode=require", &none);
        assert_eq!(found.await.unwrap(), "modern");
    }
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
