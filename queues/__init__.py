"""The people side (ACD): queues, members, callers waiting; the AMI link; call records."""
