"""Trains a small PyTorch network on the digits and reports each epoch as a line of JSON."""

import argparse
import json

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, required=True)
parser.add_argument("--hidden-units", type=int, required=True)
parser.add_argument("--dropout", type=float, required=True)
parser.add_argument("--batch-norm", action=argparse.BooleanOptionalAction, default=False)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)  # the training's; the rows are split the same way in every trial
x, y = load_digits(return_X_y=True)
x = torch.tensor(x / 16, dtype=torch.float32)
y = torch.tensor(y)
train, validation = train_test_split(range(len(y)), test_size=0.25, stratify=y, random_state=0)

model = nn.Sequential(
    nn.Linear(64, args.hidden_units),
    nn.BatchNorm1d(args.hidden_units) if args.batch_norm else nn.Identity(),
    nn.ReLU(),
    nn.Dropout(args.dropout),
    nn.Linear(args.hidden_units, 10),
)
optimizer = torch.optim.Adam(model.parameters(), lr=args.learning_rate)
loss_of = nn.CrossEntropyLoss()

for epoch in range(1, args.epochs + 1):
    model.train()
    for batch in torch.tensor(train)[torch.randperm(len(train))].split(64):
        optimizer.zero_grad()
        loss_of(model(x[batch]), y[batch]).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(x[validation])
    report = {
        "epoch": epoch,
        "validation_loss": loss_of(scores, y[validation]).item(),
        "validation_accuracy": (scores.argmax(1) == y[validation]).float().mean().item(),
    }
    print(json.dumps(report))
