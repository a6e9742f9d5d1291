"""The column dataflow: operands that are not zero, given to all lanes column by column."""
