//! The library's handle for the configured store, with what every call passes: a bound on the number of calls at once, tries, and
//! in the middle of them the bound on the time of each.

use std::time::Duration;

use opendal::{
    Error, ErrorKind, HttpTransporter, Operator, Result,
    layers::{ConcurrentLimitLayer, PrometheusLayer, RetryLayer, TimeoutLayer},
    services,
};

use super::{halves::HALVES, signing::Signed};
use crate::{
    config::{Addressing, Config, Secret, UploadsBackend},
    outbound::ObjectTransport,
};

/// Tries after the first.
const RETRIES: usize = 2;
/// Calls at the same time, beside the uploads.
const CONCURRENCY: usize = 16;

/// The handle for the store that `config` names.
pub(super) fn make(config: &Config, transport: &ObjectTransport, metrics: Option<&PrometheusLayer>) -> Result<Operator> {
    let operator = match config.uploads.backend {
        UploadsBackend::Fs => folder(config)?,
        UploadsBackend::S3 => s3(config, transport)?,
        UploadsBackend::Oss => oss(config, transport)?,
        UploadsBackend::None => return Err(Error::new(ErrorKind::ConfigInvalid, "uploads.backend is \"none\"")),
    };
    // What is left is for another try.
    let each = config.uploads.store_timeout.0 * 2 / 3;
    let operator = operator
        .layer(TimeoutLayer::new().with_timeout(each).with_io_timeout(each))
        .layer(RetryLayer::new().with_max_times(RETRIES).with_min_delay(Duration::from_millis(100)).with_jitter())
        .layer(ConcurrentLimitLayer::new(config.limits.uploads_at_a_time + CONCURRENCY));
    Ok(match metrics {
        Some(metrics) => operator.layer(metrics.clone()),
        None => operator,
    })
}

fn folder(config: &Config) -> Result<Operator> {
    let folder = config.uploads_directory();
    let odd = || Error::new(ErrorKind::ConfigInvalid, "uploads.directory is not valid text");
    let halves = folder.join(HALVES);
    let builder = services::Fs::default().root(folder.to_str().ok_or_else(odd)?).atomic_write_dir(halves.to_str().ok_or_else(odd)?);
    Operator::new(builder)
}

fn s3(config: &Config, transport: &ObjectTransport) -> Result<Operator> {
    let section = &config.uploads;
    let endpoint = section.endpoint().map(String::from).unwrap_or_default();
    let mut builder = services::S3::default()
        .bucket(text(section.bucket.as_ref()))
        .region(text(section.region.as_ref()))
        .endpoint(endpoint.trim_end_matches('/'))
        .access_key_id(secret(section.access_key_id.as_ref()))
        .secret_access_key(secret(section.secret_access_key.as_ref()))
        .disable_config_load()
        .disable_ec2_metadata();
    if section.addressing == Addressing::Virtual {
        builder = builder.enable_virtual_host_style();
    }
    Ok(over(Operator::new(builder)?, HttpTransporter::new(transport.clone())))
}

fn oss(config: &Config, transport: &ObjectTransport) -> Result<Operator> {
    let section = &config.uploads;
    let endpoint = section.endpoint().map(String::from).unwrap_or_default();
    let style = if section.addressing == Addressing::Path { "path" } else { "virtual" };
    let builder =
        services::Oss::default().bucket(text(section.bucket.as_ref())).endpoint(endpoint.trim_end_matches('/')).addressing_style(style);
    let key = (secret(section.access_key_id.as_ref()), secret(section.secret_access_key.as_ref()));
    let signed = Signed::new(transport.clone(), section.signature, text(section.bucket.as_ref()), text(section.region.as_ref()), key);
    Ok(over(Operator::new(builder.skip_signature())?, HttpTransporter::new(signed)))
}

fn over(operator: Operator, transport: HttpTransporter) -> Operator {
    let context = operator.base_context().with_http_transport(transport);
    operator.with_context(context)
}

fn text(setting: Option<&String>) -> &str {
    setting.map_or("", String::as_str)
}

fn secret(setting: Option<&Secret>) -> &str {
    setting.map_or("", Secret::expose)
}
