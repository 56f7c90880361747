"""The way to DynamoDB: clients, tables, batches, what each request passes and pays."""
