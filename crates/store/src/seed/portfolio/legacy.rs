//! What the same retailer still runs in the data centre that is to be closed.

use super::Application;
use crate::seed::{
    portfolio::Criticality::{Critical, High, Low, Medium},
    products::{
        Stack::{DotNet, Java, Mainframe, Php},
        Vintage::Legacy,
    },
};

#[rustfmt::skip]
pub(in crate::seed) const APPLICATIONS: &[Application] = &[
    Application::new("bill", "Wholesale Billing", "Finance", "Legacy Systems Team", Critical, Mainframe, Legacy, 1, &["lcust"],
        "Bills of the wholesale customers."),
    Application::new("lcust", "Wholesale Customer File", "Finance", "Legacy Systems Team", High, Mainframe, Legacy, 1, &["bill"],
        "Addresses, terms and credit limits of wholesale customers."),
    Application::new("cat", "Catalogue Printing", "Marketing", "Legacy Systems Team", Low, DotNet, Legacy, 1, &[],
        "Sets the pages of the printed catalogue.").retired(),
    Application::new("mord", "Mail Order Entry", "Customer Service", "Legacy Systems Team", Medium, Java, Legacy, 2, &["bill", "cat"],
        "Orders that come by post and telephone."),
    Application::new("arch", "Order Archive", "Corporate", "Legacy Systems Team", Medium, Java, Legacy, 1, &[],
        "Orders of the last ten years, for auditors."),
    Application::new("rep", "Report Distribution", "Corporate", "Legacy Systems Team", Low, Php, Legacy, 1, &["arch"],
        "Prints and mails lists to the branches.").retired(),
    Application::new("ftp", "File Exchange", "IT Operations", "Integration Team", High, Java, Legacy, 1, &[],
        "Files for and from banks and carriers."),
    Application::new("gate", "Host Integration", "IT Operations", "Integration Team", High, DotNet, Legacy, 1, &["bill", "lcust", "ftp"],
        "Lets newer applications call the host."),
];
