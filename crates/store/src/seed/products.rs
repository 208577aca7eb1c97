//! Products that the demo's systems run on, and until when their makers support them.
//!
//! The days are the ends of support that anybody gets without a special contract, as the makers publish them: Microsoft's extended
//! support, Red Hat's maintenance support, Ubuntu's standard support, Oracle's extended support for databases, the communities' last
//! release for the rest.

use time::Date;

/// A product in one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) name: &'static str,
    /// As the product itself reports it.
    pub(super) version: &'static str,
    /// Year, month and day of the end of support; `None` where the maker names none.
    end: Option<(i32, u8, u8)>,
}

impl Product {
    const fn new(name: &'static str, version: &'static str, end: (i32, u8, u8)) -> Self {
        Self { name, version, end: Some(end) }
    }

    const fn without_end(name: &'static str, version: &'static str) -> Self {
        Self { name, version, end: None }
    }

    /// The end of support, as in `2020-01-14`.
    pub(super) fn end(&self) -> Option<String> {
        self.end.map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
    }

    /// Whether its support had ended on `day`.
    pub(super) fn has_ended(&self, day: Date) -> bool {
        let day = (day.year(), u8::from(day.month()), day.day());
        self.end.is_some_and(|end| end <= day)
    }

    /// Whether its support ends within the two years after `day`.
    pub(super) fn ends_soon(&self, day: Date) -> bool {
        let soon = (day.year() + 2, u8::from(day.month()), day.day());
        !self.has_ended(day) && self.end.is_some_and(|end| end <= soon)
    }
}

/// How old what an application runs on is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Vintage {
    Legacy,
    Ageing,
    Current,
    Modern,
}

/// How an application is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stack {
    Java,
    DotNet,
    /// Bought, on Windows with SQL Server.
    Packaged,
    Php,
    Node,
    Python,
    Mainframe,
}

/// What an application runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Technology {
    pub(super) system: Product,
    pub(super) runtime: Product,
    pub(super) database: Product,
}

const RHEL_6: Product = Product::new("Red Hat Enterprise Linux 6", "6.10", (2020, 11, 30));
const RHEL_7: Product = Product::new("Red Hat Enterprise Linux 7", "7.9", (2024, 6, 30));
const RHEL_8: Product = Product::new("Red Hat Enterprise Linux 8", "8.10", (2029, 5, 31));
const RHEL_9: Product = Product::new("Red Hat Enterprise Linux 9", "9.4", (2032, 5, 31));
const WINDOWS_2008: Product = Product::new("Windows Server 2008 R2", "6.1.7601", (2020, 1, 14));
const WINDOWS_2012: Product = Product::new("Windows Server 2012 R2", "6.3.9600", (2023, 10, 10));
const WINDOWS_2016: Product = Product::new("Windows Server 2016", "10.0.14393", (2027, 1, 12));
const WINDOWS_2019: Product = Product::new("Windows Server 2019", "10.0.17763", (2029, 1, 9));
const WINDOWS_2022: Product = Product::new("Windows Server 2022", "10.0.20348", (2031, 10, 14));
const UBUNTU_14: Product = Product::new("Ubuntu 14.04 LTS", "14.04.6", (2019, 4, 25));
const UBUNTU_16: Product = Product::new("Ubuntu 16.04 LTS", "16.04.7", (2021, 4, 30));
const UBUNTU_18: Product = Product::new("Ubuntu 18.04 LTS", "18.04.6", (2023, 5, 31));
const UBUNTU_24: Product = Product::new("Ubuntu 24.04 LTS", "24.04.1", (2029, 5, 31));
const UBUNTU_22: Product = Product::new("Ubuntu 22.04 LTS", "22.04.5", (2027, 4, 30));
const ZOS: Product = Product::new("z/OS V2R3", "02.03.00", (2022, 9, 30));

const JAVA_6: Product = Product::new("Java 6", "1.6.0_45", (2018, 12, 31));
const JAVA_8: Product = Product::new("Java 8", "1.8.0_202", (2030, 12, 31));
const JAVA_11: Product = Product::new("Java 11", "11.0.22", (2032, 1, 31));
const JAVA_17: Product = Product::new("Java 17", "17.0.10", (2029, 9, 30));
const NET_35: Product = Product::new(".NET Framework 3.5", "3.5.30729", (2029, 1, 9));
const NET_452: Product = Product::new(".NET Framework 4.5.2", "4.5.51209", (2022, 4, 26));
const NET_48: Product = Product::without_end(".NET Framework 4.8", "4.8.04084");
const NET_10: Product = Product::new(".NET 10", "10.0.1", (2028, 11, 14));
const PHP_56: Product = Product::new("PHP 5.6", "5.6.40", (2018, 12, 31));
const PHP_74: Product = Product::new("PHP 7.4", "7.4.33", (2022, 11, 28));
const PHP_82: Product = Product::new("PHP 8.2", "8.2.28", (2026, 12, 31));
const PHP_83: Product = Product::new("PHP 8.3", "8.3.14", (2027, 12, 31));
const NODE_10: Product = Product::new("Node.js 10", "10.24.1", (2021, 4, 30));
const NODE_14: Product = Product::new("Node.js 14", "14.21.3", (2023, 4, 30));
const NODE_22: Product = Product::new("Node.js 22", "22.12.0", (2027, 4, 30));
const PYTHON_27: Product = Product::new("Python 2.7", "2.7.18", (2020, 1, 1));
const PYTHON_36: Product = Product::new("Python 3.6", "3.6.15", (2021, 12, 23));
const PYTHON_312: Product = Product::new("Python 3.12", "3.12.8", (2028, 10, 31));
const PYTHON_311: Product = Product::new("Python 3.11", "3.11.11", (2027, 10, 31));
const COBOL: Product = Product::new("Enterprise COBOL 4.2", "4.2.0", (2022, 4, 30));

const ORACLE_11: Product = Product::new("Oracle Database 11g R2", "11.2.0.4", (2020, 12, 31));
const ORACLE_12: Product = Product::new("Oracle Database 12c R2", "12.2.0.1", (2022, 3, 31));
const ORACLE_19: Product = Product::new("Oracle Database 19c", "19.25.0.0", (2032, 12, 31));
const SQL_2008: Product = Product::new("SQL Server 2008 R2", "10.50.6000", (2019, 7, 9));
const SQL_2014: Product = Product::new("SQL Server 2014", "12.0.6024", (2024, 7, 9));
const SQL_2017: Product = Product::new("SQL Server 2017", "14.0.3485", (2027, 10, 12));
const SQL_2019: Product = Product::new("SQL Server 2019", "15.0.4415", (2030, 1, 8));
const MYSQL_56: Product = Product::new("MySQL 5.6", "5.6.51", (2021, 2, 28));
const MYSQL_57: Product = Product::new("MySQL 5.7", "5.7.44", (2023, 10, 31));
const MYSQL_84: Product = Product::new("MySQL 8.4", "8.4.3", (2032, 4, 30));
const MONGO_36: Product = Product::new("MongoDB 3.6", "3.6.23", (2021, 4, 30));
const MONGO_44: Product = Product::new("MongoDB 4.4", "4.4.29", (2024, 2, 29));
const MONGO_80: Product = Product::new("MongoDB 8.0", "8.0.4", (2029, 10, 31));
const MONGO_70: Product = Product::new("MongoDB 7.0", "7.0.15", (2027, 8, 31));
const POSTGRES_96: Product = Product::new("PostgreSQL 9.6", "9.6.24", (2021, 11, 11));
const POSTGRES_12: Product = Product::new("PostgreSQL 12", "12.22", (2024, 11, 21));
const POSTGRES_14: Product = Product::new("PostgreSQL 14", "14.15", (2026, 11, 12));
const POSTGRES_15: Product = Product::new("PostgreSQL 15", "15.10", (2027, 11, 11));
const DB2: Product = Product::new("Db2 11 for z/OS", "11.1.0", (2021, 3, 31));

/// What `stack` of `vintage` runs on.
pub(super) const fn technology(stack: Stack, vintage: Vintage) -> Technology {
    use Vintage::{Ageing, Current, Legacy, Modern};
    let (system, runtime, database) = match (stack, vintage) {
        (Stack::Java, Legacy) => (RHEL_6, JAVA_6, ORACLE_11),
        (Stack::Java, Ageing) => (RHEL_7, JAVA_8, ORACLE_12),
        (Stack::Java, Current) => (RHEL_8, JAVA_11, ORACLE_19),
        (Stack::Java, Modern) => (RHEL_9, JAVA_17, POSTGRES_15),
        (Stack::DotNet | Stack::Packaged, Legacy) => (WINDOWS_2008, NET_35, SQL_2008),
        (Stack::DotNet | Stack::Packaged, Ageing) => (WINDOWS_2012, NET_452, SQL_2014),
        (Stack::DotNet, Current) => (WINDOWS_2016, NET_48, SQL_2017),
        (Stack::Packaged, Current) => (WINDOWS_2019, NET_48, SQL_2017),
        (Stack::DotNet | Stack::Packaged, Modern) => (WINDOWS_2022, NET_10, SQL_2019),
        (Stack::Php, Legacy) => (UBUNTU_14, PHP_56, MYSQL_56),
        (Stack::Php, Ageing) => (UBUNTU_18, PHP_74, MYSQL_57),
        (Stack::Php, Current) => (UBUNTU_22, PHP_82, MYSQL_84),
        (Stack::Php, Modern) => (UBUNTU_24, PHP_83, MYSQL_84),
        (Stack::Node, Legacy) => (UBUNTU_16, NODE_10, MONGO_36),
        (Stack::Node, Ageing) => (UBUNTU_18, NODE_14, MONGO_44),
        (Stack::Node, Current) => (UBUNTU_22, NODE_22, MONGO_70),
        (Stack::Node, Modern) => (UBUNTU_24, NODE_22, MONGO_80),
        (Stack::Python, Legacy) => (RHEL_6, PYTHON_27, POSTGRES_96),
        (Stack::Python, Ageing) => (RHEL_7, PYTHON_36, POSTGRES_12),
        (Stack::Python, Current) => (RHEL_8, PYTHON_311, POSTGRES_14),
        (Stack::Python, Modern) => (RHEL_9, PYTHON_312, POSTGRES_15),
        (Stack::Mainframe, _) => (ZOS, COBOL, DB2),
    };
    Technology { system, runtime, database }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn support_ends_on_the_day_itself() {
        assert!(!WINDOWS_2008.has_ended(date!(2020 - 01 - 13)));
        assert!(WINDOWS_2008.has_ended(date!(2020 - 01 - 14)));
        assert!(WINDOWS_2008.ends_soon(date!(2018 - 01 - 14)));
        assert!(!WINDOWS_2008.ends_soon(date!(2018 - 01 - 13)));
        assert!(!NET_48.has_ended(date!(2199 - 12 - 31)));
        assert_eq!(WINDOWS_2008.end().as_deref(), Some("2020-01-14"));
    }
}
