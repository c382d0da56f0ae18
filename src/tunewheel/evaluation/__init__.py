"""Judgement: metrics, comparison in pairs, calibration, slices, and the report that shows them."""
