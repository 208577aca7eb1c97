//! Who this process is, and descriptors that admit nobody else.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    ACL, CreateRestrictedToken, CreateWellKnownSid, DISABLE_MAX_PRIVILEGE, GetSecurityDescriptorDacl,
    GetTokenInformation, PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES, SECURITY_MAX_SID_SIZE,
    SID_AND_ATTRIBUTES, SetTokenInformation, TOKEN_ADJUST_DEFAULT, TOKEN_ASSIGN_PRIMARY, TOKEN_DEFAULT_DACL,
    TOKEN_DUPLICATE, TOKEN_INFORMATION_CLASS, TOKEN_OWNER, TOKEN_QUERY, TOKEN_USER, TokenDefaultDacl,
    TokenOwner, TokenUser, WELL_KNOWN_SID_TYPE, WinBuiltinAdministratorsSid, WinBuiltinPowerUsersSid,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::{checked, wide};

/// A security descriptor, as a function of Windows has allocated it.
pub(super) struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    /// Of an object that this account and the system may do everything with, and nobody else anything. `flags` are those of
    /// an entry: `OICI` for a folder hands it on to what will lie in it.
    pub(super) fn private(flags: &str) -> io::Result<Self> {
        let us = Token::ours(TOKEN_QUERY)?.sid(TokenUser)?;
        Self::parse(&format!("D:P(A;{flags};FA;;;SY)(A;{flags};FA;;;{us})"))
    }

    fn parse(sddl: &str) -> io::Result<Self> {
        let (text, mut descriptor) = (wide(sddl), ptr::null_mut());
        // SAFETY: the text ends with a zero; the result goes to a place of our own. The length is not asked for.
        #[allow(unsafe_code)]
        checked(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            )
        })?;
        Ok(Self(descriptor))
    }

    /// To create something with. Valid as long as this is.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            // Twenty-four bytes.
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }

    fn dacl(&self) -> io::Result<*mut ACL> {
        let (mut present, mut defaulted, mut dacl) = (0, 0, ptr::null_mut());
        // SAFETY: the descriptor is one that Windows made; the answers go to places of our own.
        #[allow(unsafe_code)]
        checked(unsafe {
            GetSecurityDescriptorDacl(self.0, &raw mut present, &raw mut dacl, &raw mut defaulted)
        })?;
        Ok(dacl)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: allocated with LocalAlloc by the function that made it, and freed only here.
        #[allow(unsafe_code)]
        unsafe {
            LocalFree(self.0)
        };
    }
}

/// An access token.
pub(super) struct Token(OwnedHandle);

impl Token {
    /// This process's.
    pub(super) fn ours(access: u32) -> io::Result<Self> {
        let mut token = ptr::null_mut();
        // SAFETY: the handle of the current process needs no closing; the answer goes to a place of our own.
        #[allow(unsafe_code)]
        checked(unsafe { OpenProcessToken(GetCurrentProcess(), access, &raw mut token) })?;
        // SAFETY: just opened, and nobody else's.
        #[allow(unsafe_code)]
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(token) }))
    }

    /// This process's without the groups that PostgreSQL refuses to run with, and without privileges: what `pg_ctl` runs a
    /// server with, whoever starts it.
    pub(super) fn restricted() -> io::Result<Self> {
        let ours = Self::ours(TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT)?;
        let mut groups = [well_known(WinBuiltinAdministratorsSid)?, well_known(WinBuiltinPowerUsersSid)?];
        let disabled =
            groups.each_mut().map(|sid| SID_AND_ATTRIBUTES { Sid: sid.as_mut_ptr().cast(), Attributes: 0 });
        let mut token: HANDLE = ptr::null_mut();
        // SAFETY: the groups and the array of them live through the call, and their number is right; the other two lists are
        // empty.
        #[allow(unsafe_code)]
        checked(unsafe {
            CreateRestrictedToken(
                ours.handle(),
                DISABLE_MAX_PRIVILEGE,
                2,
                disabled.as_ptr(),
                0,
                ptr::null(),
                0,
                ptr::null(),
                &raw mut token,
            )
        })?;
        // SAFETY: just created, and nobody else's.
        #[allow(unsafe_code)]
        let token = Self(unsafe { OwnedHandle::from_raw_handle(token) });
        token.own_what_it_makes()?;
        Ok(token)
    }

    /// Lets the account use what its process makes without saying for whom, such as pipes and shared memory. An
    /// administrator's are otherwise for the administrators, among whom a restricted process is not.
    fn own_what_it_makes(&self) -> io::Result<()> {
        let us = self.sid(TokenUser)?;
        let descriptor = Descriptor::parse(&format!("D:(A;;GA;;;SY)(A;;GA;;;{us})"))?;
        let default = TOKEN_DEFAULT_DACL { DefaultDacl: descriptor.dacl()? };
        // SAFETY: the structure is the one that the class calls for, and its list lives in the descriptor.
        #[allow(unsafe_code)]
        checked(unsafe {
            SetTokenInformation(
                self.handle(),
                TokenDefaultDacl,
                (&raw const default).cast(),
                size_of::<TOKEN_DEFAULT_DACL>() as u32,
            )
        })
    }

    pub(super) fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    /// Its account (`TokenUser`), or whose its files are (`TokenOwner`), in text.
    fn sid(&self, class: TOKEN_INFORMATION_CLASS) -> io::Result<String> {
        // Eight-byte words, for the alignment of the pointers in it. A security identifier has at most 68 bytes.
        let mut buffer = [0u64; 16];
        let mut length = 0;
        // SAFETY: the buffer has the length that is given, and lives through the call.
        #[allow(unsafe_code)]
        checked(unsafe {
            GetTokenInformation(
                self.handle(),
                class,
                buffer.as_mut_ptr().cast(),
                size_of_val(&buffer) as u32,
                &raw mut length,
            )
        })?;
        // SAFETY: the call has filled the buffer with the structure of its class, whose pointer leads into the buffer.
        #[allow(unsafe_code)]
        unsafe {
            let sid = if class == TokenOwner {
                (*buffer.as_ptr().cast::<TOKEN_OWNER>()).Owner
            } else {
                (*buffer.as_ptr().cast::<TOKEN_USER>()).User.Sid
            };
            text(sid)
        }
    }
}

/// The accounts whose files are ours: this one's own, and the one that what it creates belongs to, which for an
/// administrator can be all of them.
pub(super) fn our_sids() -> io::Result<[String; 2]> {
    let token = Token::ours(TOKEN_QUERY)?;
    Ok([token.sid(TokenUser)?, token.sid(TokenOwner)?])
}

/// A security identifier in text.
///
/// # Safety
/// `sid` has to point to one.
#[allow(unsafe_code)]
pub(super) unsafe fn text(sid: PSID) -> io::Result<String> {
    let mut text = ptr::null_mut();
    // SAFETY: the caller vouches for it; the answer goes to a place of our own.
    checked(unsafe { ConvertSidToStringSidW(sid, &raw mut text) })?;
    // SAFETY: the answer ends with a zero, and is freed once, after it has been read.
    unsafe {
        let length = (0..).take_while(|&index| *text.add(index) != 0).count();
        let owned = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(owned)
    }
}

/// A well-known group, in words for its alignment.
fn well_known(kind: WELL_KNOWN_SID_TYPE) -> io::Result<[u32; SECURITY_MAX_SID_SIZE as usize / 4]> {
    let mut sid = [0u32; SECURITY_MAX_SID_SIZE as usize / 4];
    let mut length = SECURITY_MAX_SID_SIZE;
    // SAFETY: the buffer has the length that is given; no domain is needed for a group of the machine's own.
    #[allow(unsafe_code)]
    checked(unsafe { CreateWellKnownSid(kind, ptr::null_mut(), sid.as_mut_ptr().cast(), &raw mut length) })?;
    Ok(sid)
}
