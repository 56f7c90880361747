"""The way to DynamoDB: clients, tables, batches, and the checks and costs of each request."""
