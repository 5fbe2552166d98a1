"""What is counted: categories, figures from the platform's own tables and from files of departments, weekly series."""
