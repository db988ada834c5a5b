"""Files an office hands over: the information collection form, meter readings, opening arrears."""
