"""Documents on a company's deals: stored with exact quotas, versioned, found."""
