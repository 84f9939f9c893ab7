//! TLS to Postgres on rustls with ring: who is trusted for each policy.

use super::trust::{Policy, Roots, Verify};
use crate::domain::hidden::shown_path;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text::sentence;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature,
    verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio_postgres_rustls::MakeRustlsConnect;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

/// Supabase's own roots, which sign the certificates of its databases and poolers. Public, and the same for everybody:
/// taken from the Supabase CLI's repository, where they are `prod-ca-2021.crt` and `prod-ca-2025.crt`.
const SUPABASE_ROOTS: &[u8] = include_bytes!("supabase_roots.pem");

/// A certificate that is not trusted.
pub(super) fn certificate_problem(cause: &str) -> Problem {
    Problem::new(
        Kind::Network,
        "The server's certificate is not trusted.",
        sentence(cause),
    )
    .with_hint("Name the root certificate with `sslrootcert`; a hosted project's is on its database settings page.")
}

/// The connector that a policy wants.
pub(super) fn connector(policy: &Policy) -> Result<MakeRustlsConnect, Problem> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match policy.verify {
        Verify::Disabled | Verify::IfOffered | Verify::Nothing => {
            Arc::new(AcceptAny(provider.signature_verification_algorithms))
        }
        Verify::Chain | Verify::ChainAndName => Arc::new(RootVerifier::new(
            &policy.roots,
            policy.verify == Verify::ChainAndName,
            &provider,
        )?),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Problem::internal(format!("TLS cannot be set up: {error}.")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    if policy.is_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

fn chain(
    roots: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots);
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())
}

/// A check against the system's roots. They are read once, because that takes a while, and only where they are needed.
fn system_chain(provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Error> {
    static SYSTEM: OnceLock<Result<Arc<WebPkiServerVerifier>, String>> = OnceLock::new();
    SYSTEM
        .get_or_init(|| chain(system_roots(), provider))
        .clone()
        .map_err(Error::General)
}

fn supabase_roots() -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(SUPABASE_ROOTS)
        .filter_map(Result::ok)
        .collect()
}

fn system_roots() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let fault = |why: String| {
        Problem::new(
            Kind::Config,
            format!(
                "The root certificate {} cannot be used.",
                shown_path(&path.display().to_string())
            ),
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

/// Takes any certificate, as libpq does below `verify-ca`: the line is encrypted, the other side is not known. That it has
/// the certificate's key is checked all the same: channel binding means nothing without that.
#[derive(Debug)]
struct AcceptAny(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AcceptAny {
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
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // By the key alone: a self-made certificate may be of a version or form that is not read otherwise.
        let key = Certificate::from_der(cert)
            .and_then(|cert| cert.tbs_certificate.subject_public_key_info.to_der())
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let key = SubjectPublicKeyInfoDer::from(key);
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// Checks the chain, and the name where that is wanted.
#[derive(Debug)]
struct RootVerifier {
    /// By the roots of files; absent where only the system's are trusted.
    chain: Option<Arc<WebPkiServerVerifier>>,
    trusts_system: bool,
    /// A server's own certificate can be its root file, as is usual with self-signed ones; webpki alone refuses that.
    pinned: Vec<CertificateDer<'static>>,
    with_name: bool,
    provider: Arc<CryptoProvider>,
}

impl RootVerifier {
    fn new(
        roots: &Roots,
        with_name: bool,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, Problem> {
        let pinned = match &roots.file {
            Some(path) => from_file(path)?,
            None => Vec::new(),
        };
        let mut trusted = pinned.clone();
        if roots.supabase {
            trusted.extend(supabase_roots());
        }
        let chain = if trusted.is_empty() {
            None
        } else {
            let built = chain(trusted, provider).map_err(|error| certificate_problem(&error))?;
            Some(built)
        };
        Ok(Self {
            chain,
            trusts_system: roots.system,
            pinned,
            with_name,
            provider: Arc::clone(provider),
        })
    }

    fn by(
        &self,
        chain: &WebPkiServerVerifier,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = chain.verify_server_cert(end_entity, intermediates, server_name, &[], now);
        match checked {
            // webpki checks the chain first, so a wrong name means that the chain is fine.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.with_name => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }
}

impl ServerCertVerifier for RootVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut checked = Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        if let Some(chain) = &self.chain {
            checked = self.by(chain, end_entity, intermediates, server_name, now);
        }
        if let Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) = &checked
            && self.trusts_system
        {
            let system = system_chain(&self.provider)?;
            checked = self.by(&system, end_entity, intermediates, server_name, now);
        }
        if checked.is_err() && self.pinned.iter().any(|root| root == end_entity) {
            if self.with_name {
                let parsed = ParsedCertificate::try_from(end_entity)?;
                rustls::client::verify_server_name(&parsed, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        checked
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn the_built_in_roots_are_those_of_supabase() {
        let roots = supabase_roots();
        let digests: Vec<_> = roots
            .iter()
            .map(|root| STANDARD.encode(Sha256::digest(root)))
            .collect();
        // The fingerprints that `openssl x509 -fingerprint -sha256` shows, in base64.
        assert_eq!(
            digests,
            [
                "gHAlrVDU7SGdLJx9KZwAT4JOsAz39lr+9gfQe3Lmyvo=",
                "X5t3lRp6oTA/m1juqb+onjWM/cFfl4b/ENSTCnIsmuI="
            ]
        );
        for root in &roots {
            let root = Certificate::from_der(root).unwrap().tbs_certificate;
            assert!(root.subject.to_string().contains("Supabase Root 2021 CA"));
            assert_eq!(root.subject, root.issuer);
        }
        let mut store = RootCertStore::empty();
        assert_eq!(store.add_parsable_certificates(roots), (2, 0));
    }
}
