"""Who acts: citizens, providers and navigators (Mesa agents), and what passes between them."""
