def check_finite(name, array): pass
