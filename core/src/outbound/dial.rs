//! Connections to addresses that were vetted, with TLS where the scheme wants it.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    path::Path,
    sync::Arc,
    time::Duration,
};

use futures_util::future::select_ok;
use rustls_pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};
use url::Host;

use super::error::{ErrorKind, OutboundError, SetupError, chain};
use crate::config::OutboundSection;

/// How long an address may stay silent before the next one is tried beside it.
const STAGGER: Duration = Duration::from_millis(250);
/// The most addresses of one host that are tried.
pub(super) const MOST_TRIED: usize = 6;

/// A connection, encrypted or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Opens connections.
pub(super) struct Dialler {
    tls: TlsConnector,
    timeout: Duration,
}

impl Dialler {
    /// One that trusts the public authorities and those in the configured file.
    pub(super) fn new(section: &OutboundSection) -> Result<Self, SetupError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = &section.ca_file {
            add_authorities(&mut roots, file).map_err(|fault| SetupError(format!("outbound.ca_file {}: {fault}", file.display())))?;
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| SetupError(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), timeout: section.connect_timeout.0 })
    }

    /// A connection to the first of `addresses` that answers, and which one it was. `host` is whose certificate is asked for.
    pub(super) async fn connect(
        &self,
        host: &Host,
        addresses: &[SocketAddr],
        tls: bool,
    ) -> Result<(Box<dyn Io>, SocketAddr), OutboundError> {
        let unreachable = |fault: String| OutboundError::new(ErrorKind::Unreachable, format!("{host} cannot be reached: {fault}"));
        let attempt = async {
            let (stream, address) = open_first(addresses).await.map_err(|error| unreachable(error.to_string()))?;
            if !tls {
                return Ok((Box::new(stream) as Box<dyn Io>, address));
            }
            let name = server_name(host).map_err(|error| unreachable(error.to_string()))?;
            let stream = self.tls.connect(name, stream).await.map_err(|error| unreachable(format!("TLS failed: {}", chain(&error))))?;
            Ok((Box::new(stream) as Box<dyn Io>, address))
        };
        timeout(self.timeout, attempt)
            .await
            .unwrap_or_else(|_| Err(unreachable(format!("not connected within {} ms", self.timeout.as_millis()))))
    }
}

/// Tries the addresses one after the other, without waiting for the silent ones.
async fn open_first(addresses: &[SocketAddr]) -> io::Result<(TcpStream, SocketAddr)> {
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    let attempts = addresses.iter().zip(0..).map(|(address, turn)| {
        Box::pin(async move {
            sleep(STAGGER * turn).await;
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok((stream, *address))
        })
    });
    select_ok(attempts).await.map(|(first, _)| first)
}

/// Whether `address` belongs to this machine. The kernel chooses an address to send from, which for an own one is that one;
/// nothing is sent.
pub(super) fn is_own(address: IpAddr) -> bool {
    let any: SocketAddr = match address {
        IpAddr::V4(_) => ([0; 4], 0).into(),
        IpAddr::V6(_) => ([0; 16], 0).into(),
    };
    let chosen = UdpSocket::bind(any).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    chosen.is_ok_and(|chosen| chosen.ip() == address)
}

fn server_name(host: &Host) -> Result<ServerName<'static>, InvalidDnsNameError> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()),
        Host::Ipv4(address) => Ok(IpAddr::V4(*address).into()),
        Host::Ipv6(address) => Ok(IpAddr::V6(*address).into()),
    }
}

fn add_authorities(roots: &mut RootCertStore, file: &Path) -> Result<(), String> {
    let text = std::fs::read(file).map_err(|error| error.to_string())?;
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| format!("is not a PEM file: {error}"))?;
        roots.add(certificate).map_err(|error| format!("has a certificate that cannot be used: {error}"))?;
    }
    if roots.len() == before { Err("has no certificate in it".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn p06_own_addresses_are_known() {
        assert!(is_own([127, 0, 0, 1].into()));
        assert!(!is_own([198, 51, 100, 7].into()));
    }
}
