//! PDF: text enough.

use super::{Kind, Pieces};

/// A page without anything on it.
pub fn pdf() -> Pieces {
    pdf_with("")
}

/// A page that runs a script when it is opened.
pub fn scripted_pdf() -> Pieces {
    pdf_with("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")
}

fn pdf_with(more: &str) -> Pieces {
    let objects = [
        "%PDF-1.4\n".to_owned(),
        format!("1 0 obj<</Type/Catalog/Pages 2 0 R{more}>>endobj\n"),
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n".to_owned(),
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n".to_owned(),
        "trailer<</Root 1 0 R>>\n".to_owned(),
        "%%EOF\n".to_owned(),
    ];
    Pieces { kind: Kind::Pdf, pieces: objects.map(String::into_bytes).into() }
}
