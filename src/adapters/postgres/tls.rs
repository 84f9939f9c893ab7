//! TLS to Postgres on rustls with ring: who is trusted for each `sslmode`.

use super::fault::certificate_problem;
use crate::domain::problem::{Kind, Problem};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How much of the server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verify {
    /// No TLS at all.
    Disabled,
    /// TLS when the server has it, without a check.
    IfOffered,
    /// TLS without a check.
    Nothing,
    /// Signed by a trusted root.
    Chain,
    /// Signed by a trusted root, and for this host.
    ChainAndName,
}

/// Whom to trust.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    pub(super) verify: Verify,
    /// `sslrootcert`: a file, or `system`.
    pub(super) roots: Option<PathBuf>,
}

impl Trust {
    /// The connector of this trust.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, Problem> {
        let provider = Arc::new(ring::default_provider());
        let with_name = self.verify == Verify::ChainAndName;
        let verifier: Arc<dyn ServerCertVerifier> = match self.verify {
            Verify::Disabled | Verify::IfOffered | Verify::Nothing => {
                Arc::new(Anyone(Arc::clone(&provider)))
            }
            Verify::Chain | Verify::ChainAndName => {
                let roots = self.load_roots()?;
                let pinned = roots.clone();
                let mut store = RootCertStore::empty();
                store.add_parsable_certificates(roots);
                let chain = WebPkiServerVerifier::builder_with_provider(
                    Arc::new(store),
                    Arc::clone(&provider),
                )
                .build()
                .map_err(|error| certificate_problem(&error.to_string()))?;
                Arc::new(Rooted {
                    chain,
                    pinned,
                    with_name,
                })
            }
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Problem::internal(format!("TLS cannot be set up: {error}.")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }

    /// The trusted roots: the named file, else libpq's own place, else the system's.
    fn load_roots(&self) -> Result<Vec<CertificateDer<'static>>, Problem> {
        match &self.roots {
            Some(path) if path == Path::new("system") => Ok(system_roots()),
            Some(path) => from_file(path),
            None => {
                let own = std::env::var_os("HOME")
                    .map(|home| Path::new(&home).join(".postgresql/root.crt"));
                match own.filter(|path| path.is_file()) {
                    Some(path) => from_file(&path),
                    None => Ok(system_roots()),
                }
            }
        }
    }
}

fn system_roots() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let fault = |why: String| {
        Problem::new(
            Kind::Config,
            format!("The root certificate {} cannot be used.", path.display()),
            why,
        )
        .with_hint("`sslrootcert` names a PEM file. A hosted project's certificate is on its database settings page.")
    };
    let found = CertificateDer::pem_file_iter(path).map_err(|error| fault(format!("{error}.")))?;
    let roots = found
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault(format!("{error}.")))?;
    if roots.is_empty() {
        return Err(fault("It holds no certificate.".to_owned()));
    }
    Ok(roots)
}

/// Takes any certificate, as libpq does below `verify-ca`: the line is encrypted, the other side is not known.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Checks the chain, and the name where that is wanted.
#[derive(Debug)]
struct Rooted {
    chain: Arc<WebPkiServerVerifier>,
    /// A server's own certificate can be its root file, as is usual with self-signed ones; webpki alone refuses that.
    pinned: Vec<CertificateDer<'static>>,
    with_name: bool,
}

impl ServerCertVerifier for Rooted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = self.chain.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match checked {
            // webpki checks the chain first, so a wrong name means that the chain is fine.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.with_name => Ok(ServerCertVerified::assertion()),
            Err(_) if self.pinned.iter().any(|root| root == end_entity) => {
                if self.with_name {
                    let parsed = ParsedCertificate::try_from(end_entity)?;
                    rustls::client::verify_server_name(&parsed, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
