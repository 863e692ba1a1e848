"""What is done with the model: command line, paired comparison, store of results, tables and figures."""
