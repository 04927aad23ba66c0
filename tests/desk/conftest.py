from tests.people import city, light_user, media_root, office_user, outsider

__all__ = ["city", "light_user", "media_root", "office_user", "outsider"]
