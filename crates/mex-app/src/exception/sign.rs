//! SSH-signed approvals: what is to be signed, and a signature taken in. Never makes a signature and
//! never sees a private key.

use std::path::Path;

use mex_runtime::code::Code;
use mex_runtime::event::AllowlistChange;
use mex_runtime::policy::allowlist::{ApprovalMeans, Approver, Exception};
use mex_runtime::port::Clock as _;

use crate::app::App;
use crate::documents;
use crate::error::{AppError, AppResult};
use crate::exception::{Changed, Target, replace, worded};

impl App {
    /// What an approver has to sign, byte by byte, under [`mex_runtime::policy::signature::NAMESPACE`].
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn exception_payload(
        &self,
        id: &str,
        target: &Target,
        approver: &str,
    ) -> AppResult<Vec<u8>> {
        worded("approver", approver)?;
        let (held, exception) = self.find_exception(id, target)?;
        signed_by(exception, approver)
            .signed_bytes(&held.document.document_id)
            .map_err(crate::scan::internal)
    }

    /// Takes an approver's signature in, once it was verified.
    ///
    /// # Errors
    /// When the signature does not hold, or its key may not sign for this name now.
    pub fn sign_exception(
        &self,
        id: &str,
        target: &Target,
        approver: &str,
        signature: &Path,
        signers: &Path,
        out: Option<&Path>,
    ) -> AppResult<Changed> {
        let signed = || {
            worded("approver", approver)?;
            let (held, exception) = self.find_exception(id, target)?;
            let mut exception = signed_by(exception, approver);
            exception.signature =
                Some(crate::input::text(signature, 64 * 1024, "signature")?.trim().to_owned());
            documents::signers(signers)?
                .value
                .verify(&exception, &held.document.document_id, self.clock.now())
                .map_err(|fault| AppError::new(Code::SignatureInvalid, fault.to_string()))?;
            let mut next = held.document.clone();
            replace(&mut next, &exception);
            let reason = format!("signed by {approver}");
            let change = AllowlistChange::Signed;
            self.saved(&held, &next, change, &reason, vec![exception], None, out)
        };
        self.on_record("sign", signed())
    }
}

fn signed_by(exception: Exception, approver: &str) -> Exception {
    let approver = Approver { name: approver.trim().to_owned(), how: ApprovalMeans::SshSignature };
    Exception { approver, signature: None, ..exception }
}
