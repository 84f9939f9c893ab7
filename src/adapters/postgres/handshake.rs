//! What happens on a line before the first statement: TLS is asked for and made as the policy wants it, and the sign-in
//! is read along. The driver is told that TLS begins at once, so that all of this is decided here.

use super::auth_filter::AuthFilter;
use super::tls;
use super::trust::{Methods, Policy, Verify};
use crate::domain::problem::Problem;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The message that asks for TLS: its length and its code. Source: the protocol's message formats, `SSLRequest`.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Why the line was not made.
#[derive(Debug)]
pub(super) enum HandshakeError {
    /// The server has no TLS, and it is wanted.
    NoTls,
    /// It answered with something that is neither yes nor no.
    Strange,
    /// The line broke.
    Line(io::Error),
    /// TLS was not made.
    Tls(io::Error),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTls => f.write_str("the server does not offer TLS"),
            Self::Strange => f.write_str("what answered does not speak the protocol of Postgres"),
            Self::Line(error) | Self::Tls(error) => error.fmt(f),
        }
    }
}

impl Error for HandshakeError {}

/// When TLS is asked for.
#[derive(Debug, Clone, Copy)]
enum Asking {
    Never,
    IfOffered,
    Always,
    /// It begins without a question.
    Direct,
}

/// Makes a line to a server as a policy wants it.
#[derive(Clone)]
pub(super) struct Handshake {
    tls: Option<MakeRustlsConnect>,
    asking: Asking,
    methods: Methods,
}

impl Handshake {
    pub(super) fn new(policy: &Policy) -> Result<Self, Problem> {
        let asking = match policy.verify {
            Verify::Disabled => Asking::Never,
            Verify::IfOffered => Asking::IfOffered,
            _ if policy.is_direct => Asking::Direct,
            _ => Asking::Always,
        };
        let tls = match asking {
            Asking::Never => None,
            _ => Some(tls::connector(policy)?),
        };
        Ok(Self {
            tls,
            asking,
            methods: policy.methods,
        })
    }

    /// For a socket of this machine: no TLS, and any sign-in.
    pub(super) fn plain() -> Self {
        Self {
            tls: None,
            asking: Asking::Never,
            methods: Methods::ANY,
        }
    }
}

type Tls<S> = <MakeRustlsConnect as MakeTlsConnect<S>>::Stream;
type TlsMaker<S> = <MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect;

/// One line that is being made.
pub(super) struct Making<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tls: Option<TlsMaker<S>>,
    asking: Asking,
    methods: Methods,
}

impl<S> MakeTlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Watched<S>;
    type TlsConnect = Making<S>;
    type Error = HandshakeError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Making<S>, HandshakeError> {
        let tls = self.tls.as_mut().map(|tls| {
            let Ok(maker) = MakeTlsConnect::<S>::make_tls_connect(tls, host);
            maker
        });
        Ok(Making {
            tls,
            asking: self.asking,
            methods: self.methods,
        })
    }
}

impl<S> TlsConnect<S> for Making<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Watched<S>;
    type Error = HandshakeError;
    type Future = Pin<Box<dyn Future<Output = Result<Watched<S>, HandshakeError>> + Send>>;

    fn connect(self, mut stream: S) -> Self::Future {
        Box::pin(async move {
            let wants_tls = match self.asking {
                Asking::Never => false,
                Asking::Direct => true,
                Asking::IfOffered | Asking::Always => is_offered(&mut stream).await?,
            };
            let line = match self.tls {
                Some(tls) if wants_tls => {
                    let made = tls.connect(stream).await.map_err(HandshakeError::Tls)?;
                    Line::Tls(Box::new(made))
                }
                _ if matches!(self.asking, Asking::Never | Asking::IfOffered) => Line::Raw(stream),
                _ => return Err(HandshakeError::NoTls),
            };
            Ok(Watched {
                line,
                filter: AuthFilter::new(self.methods),
            })
        })
    }
}

/// Asks whether the server has TLS.
async fn is_offered<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
) -> Result<bool, HandshakeError> {
    stream
        .write_all(&TLS_REQUEST)
        .await
        .map_err(HandshakeError::Line)?;
    stream.flush().await.map_err(HandshakeError::Line)?;
    match stream.read_u8().await.map_err(HandshakeError::Line)? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        _ => Err(HandshakeError::Strange),
    }
}

/// A line, encrypted or not.
enum Line<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Raw(S),
    Tls(Box<Tls<S>>),
}

/// A line on which the server's part of the sign-in is read along.
pub(super) struct Watched<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    line: Line<S>,
    filter: AuthFilter,
}

impl<S> AsyncRead for Watched<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = match &mut self.line {
            Line::Raw(line) => Pin::new(line).poll_read(context, buffer),
            Line::Tls(line) => Pin::new(line.as_mut()).poll_read(context, buffer),
        };
        if matches!(read, Poll::Ready(Ok(())))
            && let Err(refused) = self.filter.read(&buffer.filled()[before..])
        {
            buffer.set_filled(before);
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                refused,
            )));
        }
        read
    }
}

impl<S> AsyncWrite for Watched<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.line {
            Line::Raw(line) => Pin::new(line).poll_write(context, bytes),
            Line::Tls(line) => Pin::new(line.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Raw(line) => Pin::new(line).poll_flush(context),
            Line::Tls(line) => Pin::new(line.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Raw(line) => Pin::new(line).poll_shutdown(context),
            Line::Tls(line) => Pin::new(line.as_mut()).poll_shutdown(context),
        }
    }
}

impl<S> TlsStream for Watched<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    fn channel_binding(&self) -> ChannelBinding {
        match &self.line {
            Line::Raw(_) => ChannelBinding::none(),
            Line::Tls(line) => line.channel_binding(),
        }
    }
}
