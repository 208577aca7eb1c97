//! What people may do: one list of permissions, and what of it a role and an access level allow.
//!
//! A role says what kind of work somebody does, an access level how far it goes in one client account or engagement. Somebody may
//! do what both allow. `docs/permissions.md` shows the same as a table; a test compares the two.

use std::{fmt, str::FromStr};

use crate::Role;

/// How far access to a client account or an engagement goes (`access_level` in `client_access` and `engagement_access`), least
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessLevel {
    /// To look and to take a copy along.
    ReadOnly,
    /// To change what is there, too.
    ReadWrite,
    /// To delete, and to look after engagements and members, too.
    Admin,
    /// Everything that the role allows.
    SuperAdmin,
}

impl AccessLevel {
    /// All levels, least first.
    pub const ALL: [Self; 4] = [Self::ReadOnly, Self::ReadWrite, Self::Admin, Self::SuperAdmin];

    /// The name stored in the database and sent over the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::ReadWrite => "read_write",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
        }
    }

    /// The level as people say it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ReadOnly => "Read only",
            Self::ReadWrite => "Read and write",
            Self::Admin => "Admin",
            Self::SuperAdmin => "Super admin",
        }
    }

    /// The role that goes with the level where somebody is approved by level alone.
    #[must_use]
    pub const fn usual_role(self) -> Role {
        match self {
            Self::ReadOnly => Role::Viewer,
            Self::ReadWrite => Role::Analyst,
            Self::Admin => Role::EngagementManager,
            Self::SuperAdmin => Role::PlatformAdmin,
        }
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is none of [`AccessLevel::ALL`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not an access level")]
pub struct UnknownAccessLevel(pub String);

impl FromStr for AccessLevel {
    type Err = UnknownAccessLevel;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == name)
            .ok_or_else(|| UnknownAccessLevel(name.to_owned()))
    }
}

/// Where a permission is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In one engagement.
    Engagement,
    /// In one client account.
    ClientAccount,
    /// Nowhere in particular: it concerns all client accounts. Only a platform administrator has such a one.
    Platform,
}

macro_rules! permissions {
    ($($variant:ident $name:literal $scope:ident $role:ident $level:ident $sentence:literal;)*) => {
        /// Something that not everybody may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $(#[doc = $sentence] $variant,)*
        }

        impl Permission {
            /// All permissions, by subject.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name sent over the wire: subject, dot, deed.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it allows, as a sentence that tells somebody to do it.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// Where it is looked at.
            #[must_use]
            pub const fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope,)* }
            }

            /// The weakest role that has it; every stronger one has it, too.
            #[must_use]
            pub const fn least_role(self) -> Role {
                match self { $(Self::$variant => Role::$role,)* }
            }

            /// The least access level that lets it through; every higher one does, too.
            #[must_use]
            pub const fn least_level(self) -> AccessLevel {
                match self { $(Self::$variant => AccessLevel::$level,)* }
            }
        }
    };
}

permissions! {
    AssetView "asset.view" Engagement Viewer ReadOnly "See assets and the figures computed from them.";
    AssetExport "asset.export" Engagement Viewer ReadOnly "Save assets as a file.";
    AssetEdit "asset.edit" Engagement Analyst ReadWrite "Change assets.";
    AssetImport "asset.import" Engagement Analyst ReadWrite "Import assets from a file.";
    AssetDelete "asset.delete" Engagement EngagementManager Admin "Delete assets.";
    EngagementView "engagement.view" Engagement Viewer ReadOnly "See the engagement.";
    EngagementEdit "engagement.edit" Engagement EngagementManager Admin "Change what is known of the engagement.";
    EngagementClose "engagement.close" Engagement EngagementManager Admin "Close the engagement and open it again.";
    EngagementCreate "engagement.create" ClientAccount EngagementManager Admin "Begin an engagement.";
    ClientView "client.view" ClientAccount Viewer ReadOnly "See the client account.";
    ClientEdit "client.edit" ClientAccount ClientAdmin Admin "Change what is known of the client account.";
    MemberView "member.view" ClientAccount EngagementManager Admin "See who has access to the client account.";
    MemberManage "member.manage" ClientAccount ClientAdmin Admin "Give analysts and viewers access to the client account, and take it.";
    AuditView "audit.view" ClientAccount ClientAdmin Admin "Read the audit trail.";
    AuditExport "audit.export" ClientAccount ClientAdmin Admin "Save the audit trail as a file.";
    ClientCreate "client.create" Platform PlatformAdmin SuperAdmin "Make a client account.";
    ClientArchive "client.archive" Platform PlatformAdmin SuperAdmin "Archive a client account and bring it back.";
    UserView "user.view" Platform PlatformAdmin SuperAdmin "See everybody who has an account or has asked for one.";
    UserApprove "user.approve" Platform PlatformAdmin SuperAdmin "Approve or reject a registration.";
    UserSuspend "user.suspend" Platform PlatformAdmin SuperAdmin "Suspend a user and let them in again.";
    RoleAssign "role.assign" Platform PlatformAdmin SuperAdmin "Give any role, also an administrator's, and take it.";
    DataReset "data.reset" Platform PlatformAdmin SuperAdmin "Replace all data by the seeded data, and undo that.";
    DataSnapshot "data.snapshot" Platform PlatformAdmin SuperAdmin "Make, restore and delete snapshots of all data.";
    LabUse "lab.use" Platform PlatformAdmin SuperAdmin "Diagnose databases and reproduce faults on a throw-away cluster.";
    MonitoringView "monitoring.view" Platform PlatformAdmin SuperAdmin "See how the platform does: boots, migrations, sign-ins, connections, sizes.";
    PlatformAdminister "platform.administer" Platform PlatformAdmin SuperAdmin "Look across all client accounts.";
}

impl Permission {
    /// Whether it is about changing what is in an engagement, which takes one that is not closed.
    #[must_use]
    pub const fn is_work(self) -> bool {
        matches!(self, Self::AssetEdit | Self::AssetImport | Self::AssetDelete)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether it holds `permission`.
    #[must_use]
    pub const fn allows(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// What of it is left in a closed engagement.
    #[must_use]
    pub fn without_work(self) -> Self {
        self.iter().filter(|permission| !permission.is_work()).collect()
    }

    /// What it holds, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.allows(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | 1 << permission as u32))
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

/// What somebody has at one place: a role there and how far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The strongest role that holds at the place.
    pub role: Role,
    /// How far the access goes there.
    pub level: AccessLevel,
}

impl Access {
    /// A platform administrator's, which is the same everywhere.
    pub const EVERYWHERE: Self = Self { role: Role::PlatformAdmin, level: AccessLevel::SuperAdmin };

    /// What it allows: of the permissions that the role has, those that the level lets through.
    #[must_use]
    pub fn permissions(self) -> PermissionSet {
        Permission::ALL
            .iter()
            .copied()
            .filter(|permission| permission.least_role() <= self.role)
            .filter(|permission| permission.least_level() <= self.level)
            .collect()
    }
}

/// Whether somebody with `giver` may give `role` in a client account, or take it from whoever has it there.
#[must_use]
pub fn may_assign(giver: Access, role: Role) -> bool {
    let permissions = giver.permissions();
    permissions.allows(Permission::RoleAssign)
        || (permissions.allows(Permission::MemberManage) && role <= Role::Analyst)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn within(role: Role, level: AccessLevel) -> PermissionSet {
        Access { role, level }.permissions()
    }

    #[test]
    fn names_are_of_one_form_and_taken_once() {
        let names: BTreeSet<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        assert!(Permission::ALL.len() <= 64, "a set is a word of 64 bits");
        for permission in Permission::ALL {
            let (subject, deed) = permission.as_str().split_once('.').unwrap();
            assert!([subject, deed].iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase())));
            assert!(permission.sentence().ends_with('.'));
        }
    }

    #[test]
    fn a_stronger_role_and_a_higher_level_never_take_anything_away() {
        for pair in Role::ALL.windows(2) {
            for level in AccessLevel::ALL {
                let (weaker, stronger) = (within(pair[0], level), within(pair[1], level));
                assert!(weaker.iter().all(|permission| stronger.allows(permission)));
            }
        }
        for pair in AccessLevel::ALL.windows(2) {
            for role in Role::ALL {
                let (lower, higher) = (within(role, pair[0]), within(role, pair[1]));
                assert!(lower.iter().all(|permission| higher.allows(permission)));
            }
        }
    }

    #[test]
    fn what_concerns_every_client_account_is_for_platform_administrators() {
        for permission in Permission::ALL {
            assert_eq!(
                permission.scope() == Scope::Platform,
                permission.least_role() == Role::PlatformAdmin,
                "{permission:?}"
            );
        }
        assert_eq!(Access::EVERYWHERE.permissions(), Permission::ALL.iter().copied().collect());
    }

    #[test]
    fn read_only_changes_nothing_whatever_the_role() {
        for role in Role::ALL {
            assert_eq!(within(role, AccessLevel::ReadOnly), within(Role::Viewer, AccessLevel::ReadOnly));
        }
    }

    #[test]
    fn a_client_admin_gives_no_more_than_analyst() {
        let admin = Access { role: Role::ClientAdmin, level: AccessLevel::Admin };
        let given = Role::ALL.into_iter().filter(|role| may_assign(admin, *role)).collect::<Vec<_>>();
        assert_eq!(given, [Role::Viewer, Role::Analyst]);
        assert!(Role::ALL.into_iter().all(|role| may_assign(Access::EVERYWHERE, role)));
        let manager = Access { role: Role::EngagementManager, ..admin };
        assert!(!Role::ALL.into_iter().any(|role| may_assign(manager, role)));
    }

    #[test]
    fn levels_read_back() {
        for level in AccessLevel::ALL {
            assert_eq!(level.as_str().parse::<AccessLevel>().unwrap(), level);
        }
        assert!("owner".parse::<AccessLevel>().is_err());
    }
}
