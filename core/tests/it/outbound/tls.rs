//! Encrypted connections: whose certificate is believed.
//!
//! `tls/` holds an authority of these tests, a certificate of it for `id.example` and 127.0.0.1 that is good until 2120, one for the
//! same key that expired in 2021, and the key. The authority's own key is gone.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use community::{
    config::OutboundSection,
    outbound::{ErrorKind, Outbound, OutboundError},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring},
};
use tokio_util::task::AbortOnDropHandle;

use super::{Names, client, get, peer, private};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/outbound/tls").join(name)
}

/// A server that shows `certificate` and answers 200 with the name it was asked for. Returns its port.
async fn serve(certificate: &str) -> (u16, AbortOnDropHandle<()>) {
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let name = stream.get_ref().1.server_name().unwrap_or("nobody").to_owned();
            peer::request(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
        }
    });
    (port, AbortOnDropHandle::new(task))
}

fn trusting(name: &str) -> impl FnOnce(&mut OutboundSection) {
    let file = file(name);
    |section| section.ca_file = Some(file)
}

/// What the server at `host` and `port` was asked for.
async fn ask(outbound: &Outbound, host: &str, port: u16) -> Result<String, OutboundError> {
    let answer = get(outbound, &private(&[&format!("{host}:{port}")]), &format!("https://{host}:{port}/")).await?;
    Ok(String::from_utf8(answer.into_body()).unwrap())
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (port, _task) = serve("server.pem").await;
    let error = ask(&client(|_| ()), "id.example", port).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_a_configured_authority_is_accepted() {
    let (port, _task) = serve("server.pem").await;
    let outbound = client(trusting("ca.pem"));
    assert_eq!(ask(&outbound, "id.example", port).await.unwrap(), "id.example");
    assert_eq!(ask(&outbound, "127.0.0.1", port).await.unwrap(), "nobody");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (port, _task) = serve("server.pem").await;
    let outbound = client(trusting("ca.pem"));
    for host in ["other.example", "a.id.example", "127.0.0.2"] {
        let error = ask(&outbound, host, port).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable, "{host}: {error}");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let (port, _task) = serve("expired.pem").await;
    let error = ask(&client(trusting("ca.pem")), "id.example", port).await.unwrap_err();
    assert!(error.kind == ErrorKind::Unreachable && error.to_string().contains("expired"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_gets_no_request() {
    let plain = peer::Peer::answering("HTTP/1.1 200 OK\r\n\r\n").await;
    let error = ask(&client(|_| ()), "id.example", plain.port()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
    assert!(plain.requests().iter().all(|seen| !seen.contains("GET ")));
}

#[test]
fn a_file_without_authorities_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    for (path, fault) in
        [(folder.path().join("none.pem"), "No such file"), (empty, "no certificate"), (file("server.key"), "no certificate")]
    {
        let section = OutboundSection { ca_file: Some(path.clone()), ..OutboundSection::default() };
        let outcome = Outbound::new(&section, Names::answering(&[]), &"https://community.example".parse().unwrap(), Vec::new());
        let error = outcome.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("outbound.ca_file") && error.contains(path.to_str().unwrap()) && error.contains(fault), "{error}");
    }
}
